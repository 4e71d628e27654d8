{% macro event_relation() %}
    {{ return(api.Relation.create(
        schema=var('event_database') or target.schema, identifier=var('event_table'), type='table'
    )) }}
{% endmacro %}
