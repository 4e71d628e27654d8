{#- In the order of the key, so that memory does not grow with the table. -#}
{% macro keys_that_repeat(relation, columns) %}
    select
        {{ columns | join(', ') }},
        count() as row_count
    from {{ relation }}
    group by {{ columns | join(', ') }}
    having row_count > 1
    settings optimize_aggregation_in_order = 1
{% endmacro %}
