{% macro build_slice(slice, left_out) %}
    {%- set published = make_temp_relation(this.incorporate(type='table'), '__slice') -%}
    {% if not left_out and slice.counted_from == 'metric_tables' %}
        {% do adapter.drop_relation(published) %}
        {{ return(this) }}
    {% endif %}
    {%- set built = make_temp_relation(this.incorporate(type='table'), '__slice_new') -%}
    {% do adapter.drop_relation(built) %}
    {% do create_event_table(built, is_slice=true) %}
    {% call statement('fill_slice') %}
        insert into {{ built }}
        select entityType, entityId, userId, metricType, metricValue, createdAt, version
        from {{ this }}
        where not {{ metrics_condition(left_out) }} and {{ before_cutoff(slice) }}
        settings max_insert_threads = 2, max_partitions_per_insert_block = 0
    {% endcall %}
    {#- Whole at any time: other models that count one of its metrics publish from it. -#}
    {% if table_exists(published) %}
        {% do exchange_tables_atomic(built, published) %}
        {% do adapter.drop_relation(built) %}
    {% else %}
        {% do adapter.rename_relation(built, published) %}
    {% endif %}
    {{ return(published) }}
{% endmacro %}
