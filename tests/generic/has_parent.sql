{#-
    Rows without a row in the table that they are joined to, for each value of the column: they count as nothing. A warning: the parent
    is staged after its children, so that a row without one is an orphan in the source, or its parent was removed in between.
-#}
{% test has_parent(model, column, parent, parent_column='id') %}
    select
        child.{{ column }} as parent_id,
        count() as row_count
    from {{ model }} as child
    left anti join {{ parent }} as parent on child.{{ column }} = parent.{{ parent_column }}
    where child.{{ column }} is not null
    group by parent_id
    settings join_algorithm = 'grace_hash', max_bytes_in_join = 268435456
{% endtest %}
