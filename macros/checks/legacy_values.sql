{% macro legacy_values(package, legacy_table, legacy_columns) %}
    {%- set job = package.nodes | selectattr('config.meta.legacy_table', 'defined')
        | selectattr('config.meta.legacy_table', 'equalto', legacy_table) | first -%}
    {%- set meta = job.config.meta -%}
    {%- set snapshot = adapter.get_relation(database=none, schema=job.schema, identifier=meta.snapshot) -%}
    {%- set live = api.Relation.create(schema=var('source_database'), identifier=legacy_table) -%}
    {%- set staged = (adapter.get_columns_in_relation(snapshot) | map(attribute='name') | list) if snapshot else [] -%}
    {#- The staged table, where its job has run; else the legacy table itself. -#}
    {%- set relation = live if legacy_columns | reject('in', staged) | list else snapshot -%}
    {%- set found = staged if relation == snapshot else adapter.get_columns_in_relation(live) | map(attribute='name') | list -%}
    {{ return({
        'relation': relation,
        'entity_id': meta.entity_id,
        'where': 'true' if relation == snapshot else "timeframe = 'AllTime'",
        'missing': legacy_columns | reject('in', found) | list
    }) }}
{% endmacro %}
