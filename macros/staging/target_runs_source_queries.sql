{% macro target_runs_source_queries() %}
    {{ return(adapter.is_at_or_after_version('26.9')) }}
{% endmacro %}
