{#-
    A dictionary has what its table has, attribute by attribute, by sums and by keys, once it is loaded anew. A row for each attribute;
    `problem` says what differs. A comparison of nothing fails. In `dbt build` only its state is looked at, since loading takes a while.
-#}
{% test dictionary_equals_table(model, table) %}
    {% if execute and flags.WHICH != 'test' %}
        select
            name,
            status,
            last_exception as problem
        from system.dictionaries
        where database = '{{ model.schema }}' and name = '{{ model.identifier }}'
    {% elif execute %}
        {% do run_query('system reload dictionary ' ~ model) %}
        select
            quantity,
            sum(sides.difference) as difference,
            if(difference != 0 or sum(sides.by_key) != 0, 'differs', '') as problem
        from (
            {%- for relation, sign in [(table, ''), ("dictionary('" ~ model.schema ~ '.' ~ model.identifier ~ "')", '-')] %}
                select
                    found.1 as quantity,
                    {{ sign }}sum(found.2) as difference,
                    {{ sign }}{{ by_key('entity_type, entity_id', 'found.2') }} as by_key
                from {{ relation }}
                array join {{ quantities_with_totals() }} as found
                group by quantity
                {{- ' union all' if not loop.last }}
            {%- endfor %}
        ) as sides
        group by quantity
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
