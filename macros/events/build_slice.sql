{% macro build_slice(slice, left_out) %}
    {%- set has_cutoff = slice.counted_from == 'source_events' and var('source_events_cutoff') is not none -%}
    {%- set cutoff = utc_time('source_events_cutoff') if has_cutoff -%}
    {%- set published = make_temp_relation(this.incorporate(type='table'), '__slice') -%}
    {% if not left_out and slice.counted_from == 'metric_tables' %}
        {% do adapter.drop_relation(published) %}
        {{ return(this) }}
    {% endif %}
    {%- set built = make_temp_relation(this.incorporate(type='table'), '__slice_new') -%}
    {%- set wanted = 'not ' ~ metrics_condition(left_out) if left_out else 'true' -%}
    {%- set cutoff_month = cutoff[:7] | replace('-', '') if cutoff else '999999' -%}
    {%- set before_cutoff = '_partition_id < ' ~ "'" ~ cutoff_month ~ "'" -%}
    {% do adapter.drop_relation(built) %}
    {% call statement('create_slice') %}
        create table {{ built }} {{ on_cluster_clause(built) }} as {{ this }}
    {% endcall %}
    {% if left_out %}
        {% call statement('fill_slice') %}
            insert into {{ built }} select * from {{ this }} where {{ before_cutoff }} and {{ wanted }}
            {{ adapter.get_model_query_settings(model) }}
        {% endcall %}
    {% else %}
        {% for partition in partitions_of([[this, before_cutoff]]) %}
            {% call statement('fill_slice') %}
                alter table {{ built }} {{ on_cluster_clause(built) }} attach partition id '{{ partition }}' from {{ this }}
            {% endcall %}
        {% endfor %}
    {% endif %}
    {% if cutoff %}
        {#- The model holds seconds: the events of this month are made once more, by the source's own times. -#}
        {%- set times = "event_time >= toDateTime64('" ~ cutoff[:7] ~ "-01 00:00:00', 3, 'UTC') and event_time < toDateTime64('"
            ~ cutoff ~ "', 3, 'UTC')" -%}
        {% call statement('fill_cutoff_month') %}
            insert into {{ built }}
            select * from (
                {{ model.compiled_code | replace(time_filter(), times) }}
            )
            where {{ wanted }}
            {{ adapter.get_model_query_settings(model) }}
        {% endcall %}
    {% endif %}
    {#- Whole at any time: other models that count one of its metrics publish from it. -#}
    {% if table_exists(published) %}
        {% do exchange_tables_atomic(built, published) %}
        {% do adapter.drop_relation(built) %}
    {% else %}
        {% do adapter.rename_relation(built, published) %}
    {% endif %}
    {{ return(published) }}
{% endmacro %}
