{% macro shared_slices(slice, left_out, name) %}
    {%- set shared = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('slice') -%}
        {%- set other = node.config.meta.slice -%}
        {%- if other.counted_from == slice.counted_from and node.name != name -%}
            {%- set metrics = {} -%}
            {%- for entity_type, metric_types in other.metrics.items() if entity_type in slice.metrics -%}
                {%- for metric_type in metric_types
                        if metric_type in slice.metrics[entity_type] and metric_type not in left_out.get(entity_type, []) -%}
                    {%- do metrics.update({entity_type: metrics.get(entity_type, []) + [metric_type]}) -%}
                {%- endfor -%}
            {%- endfor -%}
            {%- set built = slice_table(node) if metrics -%}
            {%- do shared.append([built, metrics_condition(metrics)]) if built -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(shared) }}
{% endmacro %}
