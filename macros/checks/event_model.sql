{% macro event_model(relation) %}
    {%- set node = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('alias', 'equalto', relation.identifier) | selectattr('schema', 'equalto', relation.schema) | first -%}
    {%- set meta = node.config.meta -%}
    {{ return({
        'meta': meta,
        'catalog': catalog_of(meta.legacy_table),
        'snapshot': api.Relation.create(schema=node.schema, identifier=meta.snapshot),
        'published': relation if is_trial() else event_relation()
    }) }}
{% endmacro %}
