{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set trial = '' -%}
    {%- if is_trial() and node.resource_type != 'seed' -%}
        {%- set trial = '_trial' ~ ('_' ~ var('trial_id') if var('trial_id', none) else '') -%}
        {%- if not modules.re.match('^_trial(_[0-9a-f]{8})?$', trial) -%}
            {{ exceptions.raise_compiler_error(
                "The var trial_id is '" ~ var('trial_id') ~ "': give eight hexadecimal digits, or leave it out."
            ) }}
        {%- endif -%}
    {%- endif -%}
    {%- set schema_name = target.schema ~ trial -%}
    {{ schema_name if custom_schema_name is none else schema_name ~ '_' ~ custom_schema_name | trim }}
{%- endmacro %}
