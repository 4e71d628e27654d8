{% macro add_missing_columns(sql, missing) %}
    {% if not missing %}{{ return(sql) }}{% endif %}
    {%- set nulls = [] -%}
    {%- for column in missing -%}
        {%- set type = column.data_type if column.data_type.startswith('Nullable(') else 'Nullable(' ~ column.data_type ~ ')' -%}
        {%- do nulls.append('cast(null as ' ~ type ~ ') as ' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {#- ClickHouse lets a WITH clause name an expression: the select itself stays as the model wrote it. -#}
    {%- set start = modules.re.match('(?is)^(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/)*(with\\s)?', sql) -%}
    {{ return('with ' ~ nulls | join(', ') ~ (', ' if start.group(1) else ' ') ~ sql[start.end():]) }}
{% endmacro %}
