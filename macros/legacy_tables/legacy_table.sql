{#- A view with the columns of a legacy metric table, so that what reads the table can be pointed at it. -#}

{% macro legacy_metric_table(legacy_table, key, entity_type, not_counted={}) %}
    {%- set columns = legacy_columns(legacy_table) -%}
    {%- set timeframes = {'Day': 'day', 'Week': 'week', 'Month': 'month', 'Year': 'year', 'AllTime': 'all_time'} -%}
    {%- set as_enum = "'Enum8(\\'Day\\' = 1, \\'Week\\' = 2, \\'Month\\' = 3, \\'Year\\' = 4, \\'AllTime\\' = 5)'" -%}
    {%- for timeframe, window in timeframes.items() %}
        select
            entity_id as {{ adapter.quote(key) }},
            cast('{{ timeframe }}', {{ as_enum }}) as timeframe,
            {%- for column in columns %}
                {%- if window == 'all_time' or column['job'] == 'source_events' %}
                    sumIf(shown.{{ window }}, shown.quantity = '{{ column['quantity'] }}') as {{ column['legacy_column'] }},
                {%- else %}
                    {#- Events of metric tables have one date: what of them falls into the timeframe is unknown, not zero. #}
                    cast(null, 'Nullable(Int64)') as {{ column['legacy_column'] }},
                {%- endif %}
            {%- endfor %}
            {%- for column, expression in not_counted.items() %}
                {{ expression }} as {{ column }},
            {%- endfor %}
            max(shown.last_event) as updatedAt
        from {{ ref('metric_timeframes') }} as shown
        where shown.entity_type = '{{ entity_type }}'
        group by entity_id
        {%- if not loop.last %}

            union all
        {%- endif %}
    {%- endfor %}
    {#- The columns are those of the registry. -#}
    {% do ref('metrics') %}
{% endmacro %}

{% macro legacy_columns(legacy_table) %}
    {#- What the registry says of its columns: quantity, legacy_column, agreement, reason, and the job that counts it. -#}
    {%- set seed = ref('metrics') -%}
    {% if not execute or load_cached_relation(seed) is none %}{{ return([]) }}{% endif %}
    {{ return(run_query(
        'with registry as ' ~ registry() ~ ' select quantity, legacy_column, agreement, reason, job, entity_type from registry'
        ~ " where legacy_table = '" ~ legacy_table ~ "' order by quantity"
    ).rows) }}
{% endmacro %}

{% macro unknown(type) %}
    {#- A column that the legacy table has and nothing counts. -#}
    {{- return("cast(null, 'Nullable(" ~ type ~ ")')") -}}
{% endmacro %}
