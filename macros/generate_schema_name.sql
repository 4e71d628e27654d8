{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema_name = target.schema ~ ('_trial' if is_trial() and node.resource_type != 'seed' else '') -%}
    {{ schema_name if custom_schema_name is none else schema_name ~ '_' ~ custom_schema_name | trim }}
{%- endmacro %}
