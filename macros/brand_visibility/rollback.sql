{% macro rollback_brand_visibility(confirm=false) %}
    {% if confirm is not boolean %}
        {{ exceptions.raise_compiler_error("confirm is '" ~ confirm ~ "': give true or false, without quotes.") }}
    {% endif %}
    {#- The children first, so that an interruption leaves no row that refers to a missing fact. -#}
    {%- set tables = [
        'brand_daily_metrics', 'competitor_sentiment', 'brand_sentiment', 'competitor_metrics', 'brand_metrics', 'metric_facts'
    ] -%}
    {%- set relations = [] -%}
    {% for table in tables %}
        {%- set relation = load_relation(ref(table)) -%}
        {% if relation %}
            {%- set rows = run_query('select count() from ' ~ relation)[0][0] | int -%}
            {% do log('%-20s %s rows' | format(table, '{:,}'.format(rows)), info=true) %}
            {% do relations.append(relation) %}
        {% else %}
            {% do log('%-20s is not there' | format(table), info=true) %}
        {% endif %}
    {% endfor %}
    {% if not confirm %}
        {% do log(
            "Nothing was removed. To empty these tables of " ~ target.schema
            ~ ": dbt run-operation rollback_brand_visibility --args '{confirm: true}'", info=true
        ) %}
        {{ return('') }}
    {% endif %}
    {% for relation in relations %}
        {% call statement('truncate') %}
            truncate table {{ relation }} {{ on_cluster_clause(relation) }}
        {% endcall %}
    {% endfor %}
    {% do log('Removed. `dbt build --select brand_visibility` fills them again.', info=true) %}
{% endmacro %}
