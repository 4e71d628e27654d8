{% macro slice_table(node) %}
    {#- In a trial: what the model has built in it, or else what it has published. -#}
    {%- for schema in [node.schema, target.schema] | unique -%}
        {%- set built = api.Relation.create(schema=schema, identifier=node.alias ~ '__slice') -%}
        {% if table_exists(built) %}{{ return(built) }}{% endif %}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
