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
