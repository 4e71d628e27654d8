{#-
    The columns, which lead the table's sorting key, are unique together. Like dbt's `unique`, but in memory that does not grow with
    the table. A failure in a staging model means that the source has a key twice.
-#}
{% test unique_in_key_order(model, columns) %}
    {{ keys_that_repeat(model, columns) }}
{% endtest %}
