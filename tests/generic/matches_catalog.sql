{#-
    The model and the seed `metric_catalog` agree in both directions: every row of the catalog is mapped by the model, or its column
    is known to be missing in the source; nothing is mapped, built or published at the backfill's own time that the catalog lacks.
    (A live row at exactly that second by the account -1 with version 3 would be told as foreign, too. It would deserve a look.)
-#}
{% test matches_catalog(model) %}
    {% if execute %}
        {%- set checked = event_model(model) -%}
        {%- set mapped = checked.meta.metrics -%}
        with catalog as (
            select legacy_column, metric_type
            from {{ ref('metric_catalog') }}
            where legacy_table = '{{ checked.meta.legacy_table }}' and entity_type = '{{ checked.meta.entity_type }}'
        ),

        mapping as (
            select mapped.1 as legacy_column, mapped.2 as metric_type
            from (
                select arrayJoin([
                    {%- for legacy_column, metric_type in mapped.items() -%}
                        ('{{ legacy_column }}', '{{ metric_type }}'){{ ', ' if not loop.last }}
                    {%- endfor -%}
                ]) as mapped
            )
        ),

        staged_columns as (
            select name as legacy_column, comment = '{{ missing_column_comment() }}' as is_missing
            from system.columns
            where database = '{{ checked.snapshot.schema }}' and table = '{{ checked.snapshot.identifier }}'
        )

        select 'in the catalog, but not mapped by the model' as problem, legacy_column, metric_type
        from catalog
        where (legacy_column, metric_type) not in (select legacy_column, metric_type from mapping)
        union all
        select 'mapped by the model, but not in the catalog', legacy_column, metric_type
        from mapping
        where (legacy_column, metric_type) not in (select legacy_column, metric_type from catalog)
        union all
        select 'in the catalog, but neither staged nor known to be missing', legacy_column, metric_type
        from catalog
        where legacy_column not in (select legacy_column from staged_columns)
        union all
        select 'known to be missing in the source, but built', c.legacy_column, c.metric_type
        from catalog as c
        where
            c.legacy_column in (select legacy_column from staged_columns where is_missing)
            and c.metric_type in (select distinct metricType from {{ model }})
        union all
        select distinct 'built by the model, but not in the catalog', '', toString(metricType)
        from {{ model }}
        where metricType not in (select metric_type from catalog)
        union all
        select distinct 'published with the time of the backfill, but not in the catalog', '', toString(metricType)
        from {{ checked.published }}
        where
            entityType = '{{ checked.meta.entity_type }}'
            and version = {{ slice_version('metric_tables') }}
            and userId = {{ slice_user_id() }}
            and createdAt = toDateTime('{{ backfill_date() }} 00:00:00', 'UTC')
            and metricType not in (select metric_type from catalog)
    {% endif %}
    {% do ref('metric_catalog') %}
{% endtest %}
