{% macro publishing_plan(old, own, others) %}
    {%- set plan = {'delete': [], 'own': [], 'others': []} -%}
    {%- set nothing = [0, 0] -%}
    {%- for partition in (old.keys() | list + own.keys() | list + others.keys() | list) | unique | sort -%}
        {%- set there = old.get(partition, nothing) -%}
        {%- set mine, theirs = own.get(partition, nothing), others.get(partition, nothing) -%}
        {%- if there == theirs -%}
            {%- do plan.own.append(partition) if mine != nothing -%}
        {%- elif there != [mine[0] + theirs[0], (mine[1] + theirs[1]) % 18446744073709551616] -%}
            {%- do plan.delete.append(partition) if there != nothing -%}
            {%- do plan.own.append(partition) if mine != nothing -%}
            {%- do plan.others.append(partition) if theirs != nothing -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(plan) }}
{% endmacro %}
