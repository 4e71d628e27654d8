{% macro backfill_date() %}
    {%- set value = var('backfill_date') | string -%}
    {% if not is_date(value) %}
        {{ exceptions.raise_compiler_error(
            "The var backfill_date is '" ~ value ~ "': give a date from 1970-01-01 to 2105-12-31 as YYYY-MM-DD."
        ) }}
    {% endif %}
    {{ return(value) }}
{% endmacro %}
