{#-
    The audit found no key that a hop lost, added or changed, and every source was there to compare with. All its rows are stored;
    `problem` says what is wrong. A comparison of nothing fails.
-#}
{% test nothing_lost(model) %}
    select *
    from {{ model }}
    order by problem = '', entity_type, quantity, hop_number
{% endtest %}
