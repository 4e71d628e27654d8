{#-
    What the audit found: in `audit` no key that a hop lost, added or changed, and every source there to compare with; in `audit_users` no
    user who differs. All rows are stored; `problem` says what is wrong.
-#}
{% test nothing_lost(model) %}
    select *
    from {{ model }}
    order by problem = ''
{% endtest %}
