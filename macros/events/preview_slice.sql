{% macro preview_slice(event_table, new_slice, others, slice) %}
    {%- set old_slice -%}
        {%- if table_exists(event_table) -%}
            select entityType, metricType, metricValue, 0 as is_new from {{ event_table }} where {{ slice_condition(slice) }}
            union all
        {%- endif -%}
    {%- endset -%}
    {%- set new_slices = [] -%}
    {%- for part, condition in [[new_slice, 'true']] + others -%}
        {%- do new_slices.append('select entityType, metricType, metricValue, 1 as is_new from ' ~ part ~ ' where ' ~ condition) -%}
    {%- endfor -%}
    {%- set rows = run_query(
        'select toString(entityType) as entity_type, toString(metricType) as metric_type,'
        ~ ' countIf(not is_new) as old_events, sumIf(metricValue, not is_new) as old_total,'
        ~ ' countIf(is_new) as new_events, sumIf(metricValue, is_new) as new_total from ('
        ~ old_slice ~ ' ' ~ new_slices | join(' union all ') ~ ') group by entity_type, metric_type order by entity_type, metric_type'
    ) -%}
    {%- set sample = run_query('select * from ' ~ new_slice ~ ' limit 1 by entityType, metricType limit 5') -%}
    {%- set lines = [
        slice.label ~ ': trial, nothing is published. In ' ~ event_table ~ ' a real run of these ranges would'
    ] -%}
    {%- for row in rows -%}
        {%- do lines.append(
            '  %-12s %-20s delete %s events (total %s), insert %s events (total %s)' | format(
                row['entity_type'], row['metric_type'], '{:,}'.format(row['old_events'] | int),
                '{:,}'.format(row['old_total'] | int), '{:,}'.format(row['new_events'] | int),
                '{:,}'.format(row['new_total'] | int)
            )
        ) -%}
    {%- endfor -%}
    {%- do lines.append('  sample: ' ~ sample.column_names | join(', ')) -%}
    {%- for row in sample -%}
        {%- do lines.append('          ' ~ row.values() | join(', ')) -%}
    {%- endfor -%}
    {% do log(lines | join('\n'), info=true) %}
{% endmacro %}
