{#- Event models of the metric tables: one event for each count of an entity. -#}

{% macro metric_events(snapshot, legacy_table, entity_type, entity_id, metrics) %}
    {#- So that dbt selects the tests which compare with the registry wherever it selects the model. Unit tests have none. -#}
    {%- if not execute -%}{%- do ref('metrics') -%}{%- endif -%}
    {{
        config(
            materialized='view' if var('publish_strategy') == 'append' else 'table',
            engine='MergeTree()',
            order_by='(entityType, entityId, createdAt)',
            partition_by='toYYYYMM(createdAt)',
            query_settings={'max_insert_threads': 2, 'min_insert_block_size_rows': 786432},
            pre_hook='{{ assert_snapshot_fits() }}',
            meta={
                'snapshot': snapshot,
                'legacy_table': legacy_table,
                'entity_type': entity_type,
                'entity_id': entity_id,
                'metrics': metrics,
                'events': {
                    'label': legacy_table,
                    'job': 'metric_tables',
                    'metrics': {entity_type: metrics.values() | list}
                }
            }
        )
    }}
    {#- Columns are qualified: ClickHouse would take a bare userId for the alias of the constant above it. -#}
    {%- for legacy_column, metric_type in metrics.items() %}
        select
            toLowCardinality('{{ entity_type }}') as entityType,
            accurateCast(legacy.{{ entity_id }}, 'Int32') as entityId,
            toInt32(-1) as userId,
            toLowCardinality('{{ metric_type }}') as metricType,
            accurateCast(assumeNotNull(legacy.{{ legacy_column }}), 'Int32') as metricValue,
            toDateTime(toUnixTimestamp('{{ backfill_date() }} 00:00:00', 'UTC')) as createdAt,
            toUInt8(3) as version
        from {{ ref(snapshot) }} as legacy
        where legacy.{{ legacy_column }} {{ 'is not null' if var('include_zero_values') else '!= 0' }}
        {%- if not loop.last %}

        union all
        {% endif %}
    {%- endfor %}
{% endmacro %}

{% macro assert_snapshot_fits() %}
    {% if not execute %}{{ return('') }}{% endif %}
    {%- set meta = model.config.meta -%}
    {%- set snapshot = ref(meta.snapshot) -%}
    {%- set twice = run_query(
        'select any(' ~ meta.entity_id ~ ') as entity_id, count() as entities from ('
        ~ keys_that_repeat(snapshot, [meta.entity_id]) ~ ')'
    )[0] -%}
    {%- if twice['entities'] | int -%}
        {{ exceptions.raise_compiler_error(
            meta.legacy_table ~ " has several totals of one entity, as where " ~ meta.entity_id ~ " is " ~ twice['entity_id'] ~ " ("
            ~ twice['entities'] ~ " such): delete all but one of each in Postgres, let a unique index on \"" ~ meta.entity_id
            ~ "\" and timeframe keep it so, and run this again; nothing was published."
        ) }}
    {%- endif -%}
    {%- set checks = [] -%}
    {%- for column in adapter.get_columns_in_relation(snapshot) -%}
        {%- set metric_type = 'entityId' if column.name == meta.entity_id else meta.metrics.get(column.name) -%}
        {%- set misfits = no_int32(column.name, column.data_type) if metric_type -%}
        {%- if misfits -%}
            {%- do checks.append(
                "select '" ~ metric_type ~ "' as metric_type, toString(" ~ meta.entity_id ~ ") as entity_id, toString("
                ~ column.name ~ ") as value from " ~ snapshot ~ " where " ~ misfits
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if checks -%}
        {%- set misfits = run_query(
            "select metric_type || ' of ' || entity_id || ' is ' || value as misfit, count() over () as misfits from ("
            ~ checks | join(' union all ') ~ ') order by metric_type, entity_id limit 1'
        ) -%}
        {%- if misfits | length -%}
            {{ exceptions.raise_compiler_error(
                meta.entity_type ~ " " ~ misfits[0]['misfit'] ~ ", which does not fit the event table's Int32 ("
                ~ misfits[0]['misfits'] ~ " such in " ~ meta.legacy_table
                ~ "): correct the source; nothing was published."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro no_int32(column, type) %}
    {#- SQL of which values would wrap or lose a fraction; none for a type that holds nothing else. -#}
    {%- if type | replace('Nullable(', '') | replace(')', '') in ['Int8', 'Int16', 'Int32', 'UInt8', 'UInt16', 'Bool'] -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set value = adapter.quote(column) -%}
    {%- set whole = "accurateCastOrNull(" ~ value ~ ", 'Int32')" -%}
    {{ return('isNotNull(' ~ value ~ ') and (' ~ whole ~ ' is null or toFloat64(' ~ value ~ ') != ' ~ whole ~ ')') }}
{% endmacro %}
