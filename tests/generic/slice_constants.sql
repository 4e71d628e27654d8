{#-
    Version, userId, createdAt and entity type are what a metric-table backfill writes, in the model and in the published slice.
    A failure on createdAt means that the slice was published with another backfill_date than the one given now.
-#}
{% test slice_constants(model) %}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        select *, count() as events from (
            select entityType as entity_type, version, userId as user_id, toDateTime(createdAt, 'UTC') as created_at
            from {{ model }}
            union all
            select
                '{{ checked.catalog.entity_type }}' as entity_type,
                {{ slice_version('metric_tables') }} as version,
                {{ slice_user_id() }} as user_id,
                toDateTime(createdAt, 'UTC') as created_at
            from {{ published_slice(checked) }}
        )
        where
            entity_type != '{{ checked.catalog.entity_type }}'
            or version != {{ slice_version('metric_tables') }}
            or user_id != {{ slice_user_id() }}
            or created_at != toDateTime('{{ backfill_date() }} 00:00:00', 'UTC')
        group by entity_type, version, user_id, created_at
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
