{% macro counterparts(slice) %}
    {%- set pairs = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('slice') -%}
        {%- set other = node.config.meta.slice -%}
        {%- for entity_type, metric_types in other.metrics.items() if other.counted_from != slice.counted_from -%}
            {%- for own_type, own_metrics in slice.metrics.items()
                    if entity_type == own_type or '*' in [entity_type, own_type] -%}
                {%- set both = own_type if entity_type == '*' else entity_type -%}
                {%- set quantities = image_quantities() if both == 'Image' else {} -%}
                {%- for own in own_metrics -%}
                    {%- set quantity = quantities.get(own, own) -%}
                    {%- for metric_type in metric_types if quantities.get(metric_type, metric_type) == quantity -%}
                        {%- do pairs.append({
                            'entity_type': both, 'metric_type': own, 'counterpart': metric_type, 'model': node.unique_id
                        }) -%}
                    {%- endfor -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{% endmacro %}
