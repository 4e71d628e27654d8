{#- The column has a text in every row. -#}
{% test not_empty(model, column_name) %}
    select *
    from {{ model }}
    where {{ column_name }} = ''
{% endtest %}
