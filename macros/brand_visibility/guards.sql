{#-
    Every build replaces the tables whole. These hooks compare the tables that readers see with what would replace them; a dry run
    compares those of the target, too, and says what the run would say. A trial of a few ranges holds fewer rows by intent.
-#}

{#- Before the first of the five tables is replaced, all are compared: none is if one would shrink. -#}
{% macro assert_tables_not_shrunk() %}
    {% if not execute or var('range_limit') | int %}{{ return('') }}{% endif %}
    {%- set tables = {
        'metric_facts': "is_brand and reason = ''",
        'brand_metrics': "is_brand and reason = ''",
        'competitor_metrics': "not is_brand and reason = ''",
        'brand_sentiment': 'is_brand and has_sentiment',
        'competitor_sentiment': 'not is_brand and has_sentiment'
    } -%}
    {%- set counts = run_query(
        'select countIf(' ~ tables.values() | join('), countIf(') ~ ') from ' ~ ref('settled_positions')
    ).rows[0] -%}
    {% if counts[0] == 0 and var('max_removed_share') | float < 1 %}
        {{ exceptions.raise_compiler_error(
            "No fact would be left: every answer is rejected, for the reasons in brand_visibility_rejects. " ~ how_to_allow_it()
        ) }}
    {% endif %}
    {%- set competitors = this.incorporate(path={'identifier': 'stg_brand_competitors'}) -%}
    {% for table in tables %}
        {%- set readers_see = this.incorporate(path={'schema': target.schema, 'identifier': table}) -%}
        {#- A competitor that was removed takes its rows along; whether too many were removed has been checked. -#}
        {%- set condition = 'competitor_id in (select id from ' ~ competitors ~ ')'
            if table.startswith('competitor_') else 'true' -%}
        {% do assert_not_shrunk(table, count_rows(readers_see, condition), counts[loop.index0] | int) %}
    {% endfor %}
{% endmacro %}

{#- Before the competitors are replaced, and so before their snapshot takes the missing ones for removed. -#}
{% macro assert_competitors_not_shrunk() %}
    {% if not execute or var('range_limit') | int %}{{ return('') }}{% endif %}
    {%- set competitors = source(*model.sources[0]) -%}
    {#- Where nothing is connected, the pull itself says so. -#}
    {% if not table_exists(competitors) %}{{ return('') }}{% endif %}
    {%- set new_rows = count_rows(competitors) -%}
    {% do assert_not_empty(model.sources[0][1], new_rows, source_meta(model.sources[0]).collection) %}
    {%- set old_rows = count_rows(this.incorporate(path={'schema': target.schema})) -%}
    {#- One that is removed is a large share of a short list. -#}
    {% do assert_not_shrunk('brand_competitors', old_rows, new_rows) if old_rows - new_rows > 1 %}
{% endmacro %}

{#- After a pull: counting the source before it would read it twice. -#}
{% macro assert_source_has_rows() %}
    {% if execute and not var('range_limit') | int %}
        {% do assert_not_empty(model.sources[0][1], count_rows(this), source_meta(model.sources[0]).collection) %}
    {% endif %}
{% endmacro %}
