{#-
    Which ranges a pull is divided into, and which of them are finished. A pull is named by the UUID of the table that it fills: a
    rename or an exchange keeps it, and a table that was made again has another one.
-#}

{% macro pull_ledger(create=false) %}
    {%- set ledger = api.Relation.create(
        schema=this.schema, identifier='pull_ledger', type='table', can_on_cluster=this.can_on_cluster
    ) -%}
    {% if create %}
        {% call statement('create_pull_ledger') %}
            create table if not exists {{ ledger }} {{ on_cluster_clause(ledger) }} (
                pull_id String comment 'UUID of the table that the pull fills',
                relation String comment 'Name of the staging model',
                fingerprint String comment 'MD5 of what the pull reads; swapped in, in the row that closes a pull',
                range_number UInt32 comment 'Ranges are pulled in this order, from 0',
                bounds Array(Nullable(Int64)) comment 'Keys between which each stream of the range pulls: above one, up to and including the next; null is open',
                expected_rows UInt64 comment 'Estimate when planned',
                pulled_rows Nullable(UInt64) comment 'Rows pulled; null in the row that plans the range',
                recorded_at DateTime64(3) default now64(3)
            )
            engine = MergeTree
            order by (relation, pull_id, range_number)
            ttl toDateTime(recorded_at) + interval 90 day
        {% endcall %}
    {% endif %}
    {{ return(ledger) }}
{% endmacro %}


{% macro pull_steps(pull_relation, fingerprint) %}
    {%- set pull_id = table_uuid(pull_relation) -%}
    {% if not pull_id %}{{ return([]) }}{% endif %}
    {%- set rows = run_query(
        "
        select
            range_number,
            toJSONString(any(bounds)) as range_bounds,
            any(expected_rows) as expected,
            max(pulled_rows) as pulled
        from " ~ pull_ledger() ~ "
        where
            pull_id = '" ~ pull_id ~ "'
            and fingerprint = '" ~ fingerprint ~ "'
            and pull_id not in (select pull_id from " ~ pull_ledger() ~ " where fingerprint = 'swapped in')
        group by range_number
        order by range_number
        "
    ) -%}
    {%- set steps = [] -%}
    {%- for row in rows -%}
        {%- do steps.append({
            'pull_id': pull_id,
            'fingerprint': fingerprint,
            'range_number': row['range_number'] | int,
            'bounds': fromjson(row['range_bounds']),
            'expected_rows': row['expected'] | int,
            'pulled_rows': none if row['pulled'] is none else row['pulled'] | int
        }) -%}
    {%- endfor -%}
    {{ return(steps) }}
{% endmacro %}


{% macro record_ranges(steps) %}
    {% call statement('record_ranges') %}
        insert into {{ pull_ledger() }}
            (pull_id, relation, fingerprint, range_number, bounds, expected_rows, pulled_rows)
        values
        {% for step in steps %}
            (
                '{{ step.pull_id }}', '{{ this.identifier }}', '{{ step.fingerprint }}', {{ step.range_number }},
                {{ tojson(step.bounds) }}, {{ step.expected_rows }}, {{ 'null' if step.pulled_rows is none else step.pulled_rows }}
            )
            {{- ',' if not loop.last }}
        {% endfor %}
    {% endcall %}
{% endmacro %}


{#-
    Written before the swap, for both tables: whichever of them is left under the pull table's name when a run is killed in the
    swap or its drop fails, no run goes on with it.
-#}
{% macro close_pull(pull_relation) %}
    {% call statement('close_pull') %}
        insert into {{ pull_ledger() }}
            (pull_id, relation, fingerprint, range_number, bounds, expected_rows)
        select toString(uuid), '{{ this.identifier }}', 'swapped in', 0, [], 0
        from system.tables
        where database = '{{ this.schema }}' and name in ('{{ this.identifier }}', '{{ pull_relation.identifier }}')
    {% endcall %}
{% endmacro %}


{% macro table_uuid(relation) %}
    {%- set rows = run_query(
        "select toString(uuid) as table_uuid from system.tables where database = '" ~ relation.schema
        ~ "' and name = '" ~ relation.identifier ~ "'"
    ) -%}
    {{ return(rows[0][0] if rows | length else none) }}
{% endmacro %}
