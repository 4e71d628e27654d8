{% macro slice_version(counted_from) %}{{ return({'metric_tables': 3, 'source_events': 1}[counted_from]) }}{% endmacro %}
