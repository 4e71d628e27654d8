{% macro pull_ledger(create=false) %}
    {%- set ledger = api.Relation.create(
        schema=this.schema, identifier='pull_ledger', type='table', can_on_cluster=this.can_on_cluster
    ) -%}
    {% if create %}
        {% call statement('create_pull_ledger') %}
            create table if not exists {{ ledger }} {{ on_cluster_clause(ledger) }} (
                pull_id String comment 'UUID of the table that the pull fills',
                relation String comment 'Name of the staging model',
                fingerprint String comment 'MD5 of the compiled SQL',
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
