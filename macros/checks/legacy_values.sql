{% macro legacy_values(package, legacy_table, legacy_column) %}
    {%- set job = package.nodes | selectattr('config.meta.legacy_table', 'defined')
        | selectattr('config.meta.legacy_table', 'equalto', legacy_table) | first -%}
    {%- set meta = job.config.meta -%}
    {#- The staged table, where its job has run; else the legacy table itself. -#}
    {%- for relation, where in [
        [api.Relation.create(schema=job.schema, identifier=meta.snapshot), 'true'],
        [api.Relation.create(schema=var('source_database'), identifier=legacy_table), "timeframe = 'AllTime'"]
    ] -%}
        {%- set found = source_columns(relation) | map(attribute='name') | list -%}
        {%- if legacy_column in found and meta.entity_id in found -%}
            {{ return({'relation': relation, 'entity_id': meta.entity_id, 'where': where}) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
