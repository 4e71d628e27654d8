{#-
    A foreign key: every row of the model has one in `to` with the same values. dbt's own test `relationships` finds nothing here,
    since an unmatched left join gives a default instead of a null.
-#}
{% test refers_to(model, columns, to, to_columns) %}
    select {{ columns | join(', ') }}
    from (
        select {{ columns | join(', ') }}, 1 as refers from {{ model }}
        union all
        select {{ to_columns | join(', ') }}, 0 as refers from {{ to }}
    )
    group by {{ columns | join(', ') }}
    having min(refers) = 1
    settings max_bytes_before_external_group_by = 134217728
{% endtest %}
