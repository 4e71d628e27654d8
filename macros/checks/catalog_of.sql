{% macro catalog_of(legacy_table) %}
    {%- set seed = ref('metric_catalog') -%}
    {% if not load_relation(seed) %}
        {{ exceptions.raise_compiler_error(
            "The seed " ~ seed ~ " is not loaded: run `dbt seed`, or `python scripts/connect_source.py`, which does so."
        ) }}
    {% endif %}
    {%- set rows = run_query(
        "select legacy_column, metric_type, entity_type from " ~ seed
        ~ " where legacy_table = '" ~ legacy_table ~ "' order by legacy_column"
    ) -%}
    {%- if not rows | length -%}
        {{ exceptions.raise_compiler_error(
            "The catalog has no row for " ~ legacy_table ~ ": add its columns to seeds/metric_catalog.csv and run `dbt seed`."
        ) }}
    {%- endif -%}
    {%- set metrics = {} -%}
    {%- for row in rows -%}{%- do metrics.update({row['legacy_column']: row['metric_type']}) -%}{%- endfor -%}
    {{ return({'entity_type': rows[0]['entity_type'], 'metrics': metrics}) }}
{% endmacro %}
