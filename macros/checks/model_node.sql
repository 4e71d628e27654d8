{% macro model_node(relation) %}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('alias', 'equalto', relation.identifier) | selectattr('schema', 'equalto', relation.schema) | first) }}
{% endmacro %}
