{% macro package_of(relation) %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list -%}
    {%- set node = nodes | selectattr('alias', 'equalto', relation.identifier) | selectattr('schema', 'equalto', relation.schema)
        | first -%}
    {%- set seed = ref('event_catalog') -%}
    {% if not load_relation(seed) %}
        {{ exceptions.raise_compiler_error(
            "The seed " ~ seed ~ " is not loaded: run `dbt seed`, or `python scripts/connect_source.py`, which does so."
        ) }}
    {% endif %}
    {%- set pairs = [] -%}
    {%- for row in run_query(
        "select entity_type, metric_type, packages, legacy_table, legacy_column, agreement, reason from " ~ seed
        ~ " where has(splitByChar(' ', packages), '" ~ node.name ~ "') order by entity_type, metric_type"
    ) -%}
        {%- do pairs.append(dict(row)) -%}
    {%- endfor -%}
    {{ return({'name': node.name, 'slice': node.config.meta.slice, 'catalog': pairs, 'nodes': nodes}) }}
{% endmacro %}
