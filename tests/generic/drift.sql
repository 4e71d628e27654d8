{#-
    Rows that have changed, come or gone in the live source table since they were staged: a warning, not an error, since the site
    goes on writing. Postgres and ClickHouse each compute fingerprints of key ranges, and only rows of ranges that differ are read; on
    an engine that cannot run a query of ours in Postgres, all are.
-#}
{% test drift(model, pulled_from, condition='true', entity_id=none) %}
    {{ config(severity='warn') }}
    {% if execute %}
        {%- set node = model_node(model) -%}
        {%- set key = node.config.meta.range_key -%}
        {%- set entity = entity_id or key -%}
        {%- set origin = {
            'collection': source_meta(node.sources[0]).collection, 'database': pulled_from.schema,
            'table': pulled_from.identifier, 'staged': model
        } -%}
        {%- set declared = source_node(node.sources[0]).columns -%}
        {%- set cells = [] -%}
        {%- for name in node.columns if name in declared and name != key -%}
            {%- do cells.append(fingerprint_cell(declared[name])) -%}
        {%- endfor -%}
        {%- set by_ranges = key and target_runs_source_queries() and not cells | selectattr('there', 'none') | list -%}
        {{ drift_of_ranges(origin, key, entity, cells, condition) if by_ranges
            else drift_of_rows(model, pulled_from, entity, cells, declared, condition) }}
    {% endif %}
{% endtest %}
