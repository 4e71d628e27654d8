{#- Vars that are dates or times, all in UTC. -#}

{% macro backfill_date() %}
    {%- set value = var('backfill_date') | string -%}
    {% if not is_date(value) %}
        {{ exceptions.raise_compiler_error(
            "The var backfill_date is '" ~ value ~ "': give a date from 1970-01-01 to 2105-12-31 as YYYY-MM-DD."
        ) }}
    {% endif %}
    {{ return(value) }}
{% endmacro %}

{% macro utc_time(name) %}
    {%- set value = var(name) | string -%}
    {%- set shape = '^(\\d{4}-\\d{2}-\\d{2})(?: (\\d{2}:\\d{2}:\\d{2})(\\.\\d{1,3})?)?$' -%}
    {%- set parts = modules.re.match(shape, value) -%}
    {%- set time = (parts.group(2) or '00:00:00') if parts else '' -%}
    {% if not parts or not is_date(parts.group(1)) or time >= '24' or time[3:] >= '60' or time[6:] >= '60' %}
        {{ exceptions.raise_compiler_error(
            "The var " ~ name ~ " is '" ~ value ~ "': give a UTC time from 1970-01-01 to 2105-12-31 as YYYY-MM-DD or YYYY-MM-DD hh:mm:ss.fff."
        ) }}
    {% endif %}
    {{ return(parts.group(1) ~ ' ' ~ time ~ '.' ~ ((parts.group(3) or '.')[1:] ~ '000')[:3]) }}
{% endmacro %}

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
