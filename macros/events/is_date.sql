{% macro is_date(value) %}
    {%- set parts = modules.re.match('^(\\d{4})-(\\d{2})-(\\d{2})$', value) -%}
    {%- set year, month, day = (parts.group(1) | int, parts.group(2) | int, parts.group(3) | int) if parts else (0, 0, 0) -%}
    {%- set date = modules.datetime.date -%}
    {#- ClickHouse's DateTime ends on 2106-02-07; whole years keep the sentence short. -#}
    {%- set in_range = 1970 <= year <= 2105 and 1 <= month <= 12 -%}
    {%- set a_day = modules.datetime.timedelta(days=1) -%}
    {%- set month_ends = (date(year + month // 12, month % 12 + 1, 1) - a_day).day if in_range else 0 -%}
    {{ return(1 <= day <= month_ends) }}
{% endmacro %}
