{% macro preview_slice(event_table, new_slice, condition) %}
    {%- set meta = model.config.meta -%}
    {%- set exists = adapter.get_relation(database=none, schema=event_table.schema, identifier=event_table.identifier) -%}
    {%- set old_slice -%}
        {%- if exists -%}
            select metricType, metricValue, 0 as is_new from {{ event_table }} where {{ condition }}
            union all
        {%- endif -%}
    {%- endset -%}
    {%- set rows = run_query(
        'select toString(metricType) as metric_type,'
        ~ ' countIf(not is_new) as old_events, sumIf(metricValue, not is_new) as old_total,'
        ~ ' countIf(is_new) as new_events, sumIf(metricValue, is_new) as new_total from ('
        ~ old_slice ~ ' select metricType, metricValue, 1 as is_new from ' ~ new_slice ~ ') group by metric_type order by metric_type'
    ) -%}
    {%- set sample = run_query('select * from ' ~ new_slice ~ ' limit 1 by metricType limit 5') -%}
    {%- set lines = [
        meta.legacy_table ~ ': trial, nothing is published. In ' ~ event_table ~ ' a real run of these ranges would'
    ] -%}
    {%- for row in rows -%}
        {%- do lines.append(
            '  %-20s delete %s events (total %s), insert %s events (total %s)' | format(
                row['metric_type'], '{:,}'.format(row['old_events'] | int), '{:,}'.format(row['old_total'] | int),
                '{:,}'.format(row['new_events'] | int), '{:,}'.format(row['new_total'] | int)
            )
        ) -%}
    {%- endfor -%}
    {%- do lines.append('  sample: ' ~ sample.column_names | join(', ')) -%}
    {%- for row in sample -%}
        {%- do lines.append('          ' ~ row.values() | join(', ')) -%}
    {%- endfor -%}
    {% do log(lines | join('\n'), info=true) %}
{% endmacro %}
