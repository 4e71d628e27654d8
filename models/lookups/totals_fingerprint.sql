-- One row, which differs whenever that of totals_state may, and is read in a tenth of its time.
{{ config(materialized='view') }}
{% do ref('totals_state') %}
{% set days, counted, touched = ref('built_days'), counted_days(), touched_entities() %}
{% set names, exclusions = ref('metrics'), ref('excluded_users') %}
{% set sharded = event_storage()['sharded'] if execute %}
{% set tables = [days, counted, names] + ([] if sharded else [event_relation()]) %}

select
    cityHash64(
        sum(cityHash64(parts.database, parts.table, parts.name, parts.hash_of_all_files)),
        {% if sharded %}
            (
                select sum(cityHash64(event_parts.name, event_parts.hash_of_all_files))
                {{ from_event_parts(sharded) }}
            ),
        {% endif %}
        (
            select any((tables.uuid, tables.comment))
            from system.tables as tables
            where
                tables.database = '{{ touched.schema }}'
                and tables.name = '{{ touched.identifier }}'
        ),
        -- A table of another kind may stand for the seed.
        (
            select sum(cityHash64(excluded.user_id))
            from {{ exclusions }} as excluded
        )
    ) as fingerprint
from system.parts as parts
where
    parts.active
    and (parts.database, parts.table) in (
        {% for table in tables -%}
            ('{{ table.schema }}', '{{ table.identifier }}'){{ ',' if not loop.last }}
        {% endfor %}
    )
