{% macro event_model(relation) %}
    {%- set node = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('alias', 'equalto', relation.identifier) | selectattr('schema', 'equalto', relation.schema) | first -%}
    {%- set meta = node.config.meta -%}
    {%- set catalog = catalog_of(meta.legacy_table) -%}
    {{ return({
        'meta': meta,
        'catalog': catalog,
        'slice': {'counted_from': 'metric_tables', 'metrics': {catalog.entity_type: catalog.metrics.values() | list}},
        'left_out': left_out(meta.slice),
        'snapshot': api.Relation.create(schema=node.schema, identifier=meta.snapshot),
        'built': relation,
        'published': relation if is_trial() else event_relation()
    }) }}
{% endmacro %}
