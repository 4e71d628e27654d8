{#- The queries of the test `drift`: by fingerprints of ranges where Postgres runs a query of ours, else row by row. -#}

{% macro drift_since_staged(staged, node, pulled_from, condition, entity_id=none) %}
    {%- set key = node.config.meta.range_key -%}
    {%- set entity = entity_id or key -%}
    {%- set origin = {
        'collection': source_meta(node.sources[0]).collection, 'database': pulled_from.schema,
        'table': pulled_from.identifier, 'staged': staged
    } -%}
    {%- set declared = source_node(node.sources[0]).columns -%}
    {%- set cells = [] -%}
    {%- for name in node.columns if name in declared and name != key -%}
        {%- do cells.append(fingerprint_cell(declared[name])) -%}
    {%- endfor -%}
    {%- set by_ranges = key and target_runs_source_queries() and not cells | selectattr('there', 'none') | list -%}
    {{ drift_of_ranges(origin, key, entity, cells, condition) if by_ranges
        else drift_of_rows(staged, pulled_from, entity, cells, declared, condition) }}
{% endmacro %}


{#- Staged rows are taken where Postgres names their range; its own rows name none, and stand for themselves. -#}
{% macro drift_of_ranges(origin, key, entity_id, cells, condition) %}
    {%- set bits = fingerprint_bits(origin.staged, adapter.quote(key)) -%}
    {%- set names = ['key'] -%}
    {%- for cell in cells -%}{%- do names.append('cell_' ~ loop.index) -%}{%- endfor -%}
    with staged as (
        select
            bitShiftRight(toInt64({{ adapter.quote(key) }}), {{ bits }}) as bucket,
            toInt64({{ adapter.quote(entity_id) }}) as staged_id,
            {{ row_hash(['toInt64(' ~ adapter.quote(key) ~ ')'] + cells | map(attribute='here') | list) }} as staged_hash
        from {{ origin.staged }}
    ),

    live as (
        select
            bucket as differing,
            entity_id as live_id,
            {{ row_hash(names) }} as live_hash
        from {{ differing_rows_there(origin, key, entity_id, cells, condition) }}
    ),

    signed as (
        select
            if(isNull(live.differing), assumeNotNull(live.live_id), staged.staged_id) as entity_id,
            if(isNull(live.differing), -live.live_hash, staged.staged_hash) as row_hash
        from staged
        right join live on staged.bucket = live.differing
    )

    {{ drifted_entities() }}
{% endmacro %}


{% macro drift_of_rows(staged, pulled_from, entity_id, cells, declared, condition) %}
    {%- set hash = row_hash(cells | map(attribute='here') | list) -%}
    {%- set id = 'toInt64(' ~ adapter.quote(entity_id) ~ ')' -%}
    with
        {#- A column that the source lacks is null; one that it has goes before the name given here. -#}
        {%- for cell in cells %}
        cast(null as Nullable({{ declared[cell.name].data_type | replace('Nullable(', '') | replace(')', '') }})) as {{ adapter.quote(cell.name) }},
        {%- endfor %}
    signed as (
        select {{ id }} as entity_id, {{ hash }} as row_hash
        from {{ staged }}
        union all
        select {{ id }} as entity_id, -{{ hash }} as row_hash
        from {{ pulled_from }}
        where {{ condition }}
    )

    {{ drifted_entities() }}, prefer_column_name_to_alias = 1
{% endmacro %}


{% macro drifted_entities() -%}
    select
        entity_id,
        multiIf(max(row_hash) < 0, 'new', min(row_hash) > 0, 'gone', 'changed') as since_staged
    from signed
    where row_hash != 0
    group by entity_id
    having sum(row_hash) != 0
    settings join_algorithm = 'grace_hash', max_bytes_before_external_group_by = 134217728
{%- endmacro %}


{#- Never zero, and a quarter of Int64's range: a row that is not there is zero. -#}
{% macro row_hash(numbers) %}
    {%- set casts = [] -%}
    {%- for number in numbers -%}{%- do casts.append('ifNull(toInt64(' ~ number ~ '), 0)') -%}{%- endfor -%}
    {{ return('toInt64(bitOr(bitShiftRight(sipHash64(' ~ casts | join(', ') ~ '), 2), 1))') }}
{% endmacro %}
