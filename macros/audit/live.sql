{#- Postgres against the staged metric tables: only of entities whose rows differ, cell by cell. -#}

{% macro audit_drifted(sources) %}
    {%- for source in sources if source.live %}
        select
            '{{ source.name }}' as legacy_table,
            toInt64(entity_id) as entity_id
        from (
            {{ drift_since_staged(source.relation, source.node, source.live, "timeframe = 'AllTime'") }}
        )
        where {{ in_sample('entity_id') }}
        union all
    {%- endfor %}
    select '' as legacy_table, toInt64(0) as entity_id where false
{% endmacro %}

{% macro audit_live_keys(sources) %}
    {%- set drifted = ref('audit_drifted') -%}
    {#- What is compiled before the first audit, as by `dbt docs generate`, finds no such table. #}
    {%- set found = run_query(
        "select legacy_table, if(count() > 300, '', arrayStringConcat(groupArray(entity_id), ', ')) as ids from " ~ drifted
        ~ ' group by legacy_table'
    ).rows if table_exists(drifted) else [] -%}
    {%- for row in found %}
        {%- set source = sources | selectattr('name', 'equalto', row['legacy_table']) | first %}
        {#- Few ids are given to Postgres; of many its rows are read again. #}
        {%- set ids = row['ids'] or 'select entity_id from ' ~ drifted ~ " where legacy_table = '" ~ source.name ~ "'" %}
        select
            'staged' as hop,
            '{{ source.entity_type }}' as entity_type,
            quantity,
            {{ key_classes() }}
        from (
            select
                entity_id,
                cell.1 as quantity,
                sum(if(is_live, cell.2, 0)) as before,
                sum(if(is_live, 0, cell.2)) as after,
                max(is_late) or not max(is_live) as is_newer
            from (
                {{ keys_of(source.live, source, ids, true) }}
                union all
                {{ keys_of(source.relation, source, ids, false) }}
            )
            array join cells as cell
            group by entity_id, quantity
        )
        group by quantity
        union all
    {%- endfor %}
    {{ no_keys() }}
{% endmacro %}

{% macro no_keys() -%}
    select '' as hop, '' as entity_type, '' as quantity, {{ key_classes() }}
    from (select 0 as entity_id, toInt64(0) as before, toInt64(0) as after, false as is_newer)
    having false
{%- endmacro %}

{% macro keys_of(relation, source, ids, is_live) -%}
    select
        toInt64({{ source.key }}) as entity_id,
        {{ named_cells(legacy_columns(source.name)) | indent(8) }} as cells,
        {{ is_live }} as is_live,
        {#- A row may have been written by a transaction that began before the pull, and ended after it. #}
        {% if is_live and source.has_time -%}
            ifNull(updatedAt >= {{ pulled_at(source.relation) }} - interval 10 minute, false) as is_late
        {%- else -%}
            false as is_late
        {%- endif %}
    from {{ relation }}
    where {{ source.key }} in ({{ ids }}) {%- if is_live %} and timeframe = 'AllTime' {%- endif %}
{%- endmacro %}

{% macro pulled_at(staged) -%}
    {#- When the pull of a staged table began; now, if nobody knows, so that nothing passes for newer. -#}
    (
        select if(count() = 0, now64(3), min(ledger.recorded_at))
        from {{ api.Relation.create(schema=staged.schema, identifier='pull_ledger', type='table') }} as ledger
        where ledger.pull_id = (
            select toString(uuid) from system.tables where database = '{{ staged.schema }}' and name = '{{ staged.identifier }}'
        )
    )
{%- endmacro %}
