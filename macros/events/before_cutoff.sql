{% macro before_cutoff(slice) %}
    {% if slice.counted_from != 'source_events' or var('source_events_cutoff') is none %}{{ return('true') }}{% endif %}
    {{ return("sourceTime < toDateTime64('" ~ utc_time('source_events_cutoff') ~ "', 3, 'UTC')") }}
{% endmacro %}
