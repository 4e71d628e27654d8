{% macro quantity(entity_type, metric_type) %}
    {{ return(image_quantities().get(metric_type, metric_type) if entity_type == 'Image' else metric_type) }}
{% endmacro %}
