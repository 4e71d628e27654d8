{% macro known_time(time, otherwise) %}
    {{- return(
        'coalesce(' ~ time ~ ', ' ~ otherwise ~ ", toDateTime64('" ~ utc_time('unknown_time') ~ "', 6, 'UTC'))"
    ) -}}
{% endmacro %}
