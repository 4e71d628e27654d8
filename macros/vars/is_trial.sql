{% macro is_trial() %}
    {{ return(var('dry_run') or var('range_limit') | int > 0) }}
{% endmacro %}
