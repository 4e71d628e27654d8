{#-
    Fingerprints of key ranges, the same from Postgres and from ClickHouse, so that rows of equal ranges need not be read. A fingerprint
    is the number of rows, the sum of the keys' weights, and of each column the sum of its values times the weight. A weight is a hash
    of the key: changes of several rows do not make up for each other, as in plain sums. Values are whole numbers up to 2^31 and
    weights below, so that no product overflows.
-#}

{#- SQL of a whole number that stands for a column's value, in both databases; `there` is none where its type has no such SQL. -#}
{% macro fingerprint_cell(column) %}
    {%- set here = adapter.quote(column.name) -%}
    {%- set there = '"' ~ column.name ~ '"' -%}
    {%- set type = column.data_type | replace('LowCardinality(', '') | replace('Nullable(', '') | replace(')', '') -%}
    {%- if type in ['Int8', 'Int16', 'Int32', 'UInt8', 'UInt16', 'Bool'] -%}
        {#- The type is the declared one: the source may have a wider. What does not fit is told by its remainder. -#}
        {%- set here, there = 'toInt64(' ~ here ~ ') % 2147483647', there ~ '::bigint % 2147483647' -%}
    {%- else -%}
        {%- if type == 'String' -%}
            {%- set here, there = 'toString(' ~ here ~ ')', there ~ '::text' -%}
        {%- elif type in ['Int64', 'UInt32'] -%}
            {%- set here, there = 'toString(toInt64(' ~ here ~ '))', there ~ '::bigint::text' -%}
        {%- elif type.startswith('DateTime') -%}
            {%- set here = 'toString(toUnixTimestamp64Micro(toDateTime64(' ~ here ~ ", 6, 'UTC')))" -%}
            {%- set there = '(extract(epoch from ' ~ there ~ ') * 1000000)::bigint::text' -%}
        {%- else -%}
            {%- set here = 'toInt64(bitShiftRight(sipHash64(toString(' ~ here ~ ')), 1))' -%}
            {{ return({'name': column.name, 'here': here, 'there': none}) }}
        {%- endif -%}
        {%- set here = 'toInt64(reinterpretAsInt32(reverse(substring(MD5(' ~ here ~ '), 1, 4))))' -%}
        {%- set there = "('x' || left(md5(" ~ there ~ '), 8))::bit(32)::int' -%}
    {%- endif -%}
    {#- Null is what no value is: 2^31. -#}
    {{ return({
        'name': column.name, 'here': 'ifNull(' ~ here ~ ', 2147483648)', 'there': 'coalesce(' ~ there ~ ', 2147483648)'
    }) }}
{% endmacro %}


{#- Names for a WITH clause, the last of them `weight`: Postgres's hashint8, which is Bob Jenkins's final mix, of the key. -#}
{% macro fingerprint_weight(key) %}
    {%- set names = [
        'toInt64(' ~ adapter.quote(key) ~ ') as mixed_key',
        'toUInt32(bitAnd(bitShiftRight(mixed_key, 32), 4294967295)) as mixed_high',
        'bitXor(toUInt32(bitAnd(mixed_key, 4294967295)), if(mixed_key >= 0, mixed_high, bitNot(mixed_high))) as mixed_low',
        'toUInt32(2658358868) as b0',
        'b0 as c0',
        'toUInt32(b0 + mixed_low) as a0'
    ] -%}
    {%- for mixed, word, other, bits in [
        ('c1', 'c0', 'b0', 14), ('a1', 'a0', 'c1', 11), ('b1', 'b0', 'a1', 25), ('c2', 'c1', 'b1', 16), ('a2', 'a1', 'c2', 4),
        ('b2', 'b1', 'a2', 14), ('c3', 'c2', 'b2', 24)
    ] -%}
        {%- do names.append(
            'toUInt32(bitXor(' ~ word ~ ', ' ~ other ~ ') - bitRotateLeft(' ~ other ~ ', ' ~ bits ~ ')) as ' ~ mixed
        ) -%}
    {%- endfor -%}
    {{ return(names + ['toInt64(toInt32(c3)) as weight']) }}
{% endmacro %}


{#- How many bits of a staged table's keys are left out to give at most 4,096 ranges, or a few more. -#}
{% macro fingerprint_bits(relation, key) %}
    (
        select toUInt8(ceil(log2(greatest((toFloat64(max({{ key }})) - min({{ key }})) / 4096, 1))))
        from {{ relation }}
    )
{% endmacro %}


{#- A query for the fingerprints of a table of ClickHouse: `bucket`, `fingerprint`. -#}
{% macro fingerprints_here(relation, key, cells) %}
    select
        bucket,
        arrayStringConcat([
            toString(count()),
            toString(sum(toInt128(weight)))
            {%- for cell in cells %},
            toString(sum(toInt128(cell_{{ loop.index }} * weight)))
            {%- endfor %}
        ], ' ') as fingerprint
    from (
        with
            {{ fingerprint_weight(key) | join(',\n            ') }}
        select
            bitShiftRight(mixed_key, {{ fingerprint_bits(relation, adapter.quote(key)) }}) as bucket,
            {%- for cell in cells %}
            {{ cell.here }} as cell_{{ loop.index }},
            {%- endfor %}
            weight
        from {{ relation }}
    )
    group by bucket
{% endmacro %}


{#-
    A query that Postgres runs: it gets the staged fingerprints, computes its own, and gives a row for each range that differs
    (`bucket`), then the rows in those ranges (`entity_id`, `key` and the cells). `offset 0` keeps it from computing a weight once for
    each column, and `is true` from sorting the rows for a join.
-#}
{% macro differing_rows_there(origin, key, entity_id, cells, condition) %}
    {%- set sums, names, nulls = [], [], [] -%}
    {%- for cell in cells -%}
        {%- do sums.append(', sum(cell_' ~ loop.index ~ ' * weight)') -%}
        {%- do names.append(', cell_' ~ loop.index) -%}
        {%- do nulls.append(', null::bigint as cell_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set bits = 'toString(' ~ fingerprint_bits(origin.staged, adapter.quote(key)) ~ ')' -%}
    postgresql({{ origin.collection }}, query = (
        select concat(
            {{ sql_text('with source as not materialized (select "' ~ entity_id ~ '"::bigint as entity_id, "' ~ key ~ '"::bigint as key, ') }},
            {{ cells_there(origin, cells) }},
            ' from ', {{ table_there(origin, key) }}, {{ sql_text(' where ' ~ condition ~ '), ') }},
            {{ sql_text("live as materialized (select bucket, concat_ws(' ', count(*), sum(weight)" ~ sums | join ~ ') as fingerprint') }},
            ' from (select *, key >> ', {{ bits }}, ' as bucket, hashint8(key)::bigint as weight from source offset 0) as weighted',
            ' group by bucket), differing as materialized (select coalesce(live.bucket, staged.bucket) as bucket from live full join unnest(',
            (
                select concat(
                    '''{', arrayStringConcat(groupArray(toString(bucket)), ','), '}''::bigint[], ''{"',
                    arrayStringConcat(groupArray(fingerprint), '","'), '"}''::text[]'
                )
                from (
                    {{ fingerprints_here(origin.staged, key, cells) }}
                )
            ),
            ') as staged (bucket, fingerprint) using (bucket) where live.fingerprint is distinct from staged.fingerprint)',
            ' select bucket, null::bigint as entity_id, null::bigint as key', {{ sql_text(nulls | join) }},
            ' from differing union all select null, entity_id, key', {{ sql_text(names | join) }},
            ' from source where exists (select from differing) and ((key >> ', {{ bits }}, ') in (select bucket from differing)) is true'
        )
    ))
{% endmacro %}


{#- Text of the cells for a query of Postgres. A column that was missing when it was pulled is null, as it is staged. -#}
{% macro cells_there(origin, cells) %}
    arrayStringConcat(
        arrayMap(
            (column, cell, number) -> concat(if(has((
                select groupArray(name)
                from system.columns
                where
                    database = '{{ origin.staged.schema }}'
                    and table = '{{ origin.staged.identifier }}'
                    and comment = '{{ missing_column_comment() }}'
            ), column), '2147483648', cell), ' as cell_', toString(number)),
            [{% for cell in cells %}{{ sql_text(cell.name) }}{{ ', ' if not loop.last }}{% endfor %}],
            [{% for cell in cells %}{{ sql_text(cell.there) }}{{ ', ' if not loop.last }}{% endfor %}],
            range(1, {{ cells | length + 1 }})
        ), ', '
    )
{% endmacro %}


{#- Name of the source table with its schema: that of the source database's note, or the only one that has such a table. -#}
{% macro table_there(origin, key) %}
    {%- set tables -%}
        select n.nspname::text as schema_name, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as table_name
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        inner join pg_attribute as a on c.oid = a.attrelid
        where
            c.relname = {{ postgres_literal(origin.table) }}
            and c.relkind in ('r', 'p', 'v', 'm', 'f')
            and a.attname = {{ postgres_literal(key) }}
            and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    {%- endset -%}
    {%- set trouble = 'Which table ' ~ origin.table ~ ' of Postgres is meant is not clear: '
        ~ 'run `entity-metrics connect` again, which notes the schema.' -%}
    (
        select if(throwIf(count() != 1, {{ sql_text(trouble) }}) = 0, assumeNotNull(any(table_name)), '')
        from {{ in_postgres(origin.collection, tables) }}
        where (select comment from system.databases where name = '{{ origin.database }}') in ('', 'schema: ' || assumeNotNull(schema_name))
    )
{% endmacro %}


{% macro sql_text(text) %}
    {{ return("'" ~ text | replace('\\', '\\\\') | replace("'", "''") ~ "'") }}
{% endmacro %}
