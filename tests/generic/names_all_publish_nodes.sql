{#-
    Every publish node of the project is named in the model, so that what reads events is built after it. A row is a node that is not:
    add it to the list at the head of the model.
-#}
{% test names_all_publish_nodes(model) %}
    {% if execute %}
        {%- set node = model_node(model) -%}
        {%- set publishing = graph.nodes.values() | selectattr('config.materialized', 'equalto', 'publish')
            | rejectattr('unique_id', 'in', node.depends_on.nodes) | map(attribute='name') | list -%}
        select arrayJoin({{ publishing or '[]::Array(String)' }}) as publish_node
    {% endif %}
{% endtest %}
