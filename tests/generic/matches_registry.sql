{#-
    The event model and the seed `metrics` agree in both directions: what the seed names for the model is mapped by it, and nothing is
    mapped or built that the seed lacks; entity types that the source spells (`*`) need no row of their own. Version, userId and time
    are what the job writes. A failure means that one of the two is wrong: compare both with the site's schema.
-#}
{% test matches_registry(model) %}
    {% if execute %}
        {%- set node = model_node(model) -%}
        {%- set events = node.config.meta.events -%}
        {%- set of_tables = events.job == 'metric_tables' -%}
        with registry as (
            select
                entity_type,
                {{ 'legacy_metric' if of_tables else 'source_metric' }} as metric_type,
                legacy_column
            from {{ ref('metrics') }}
            where {{ "legacy_table = '" ~ events.label ~ "'" if of_tables else "package = '" ~ node.name[:-7] ~ "'" }}
        ),

        mapped as (
            select
                pair.1 as entity_type,
                pair.2 as metric_type
            from (
                select arrayJoin([
                    {%- for entity_type, metric_types in events.metrics.items() -%}
                        {%- set last = loop.last -%}
                        {%- for metric_type in metric_types -%}
                            ('{{ entity_type }}', '{{ metric_type }}'){{ ', ' if not (last and loop.last) }}
                        {%- endfor -%}
                    {%- endfor -%}
                ]) as pair
            )
        ),

        built as (
            select
                toString(entityType) as entity_type,
                toString(metricType) as metric_type,
                {% if of_tables -%}
                    countIf(
                        version != 3 or userId != -1 or createdAt != toDateTime('{{ backfill_date() }} 00:00:00', 'UTC')
                    ) as strange_events
                {%- else -%}
                    countIf(version > 1) as strange_events
                {%- endif %}
            from {{ model }}
            group by entityType, metricType
        )

        select 'mapped by the model, but not in seeds/metrics.csv' as problem, entity_type, metric_type
        from mapped
        where (entity_type, metric_type) not in (select entity_type, metric_type from registry)
        union all
        select 'built by the model, but not in seeds/metrics.csv', entity_type, metric_type
        from built
        where
            (entity_type, metric_type) not in (select entity_type, metric_type from registry)
            and ('*', metric_type) not in (select entity_type, metric_type from registry)
        union all
        select 'in seeds/metrics.csv, but not mapped by the model', entity_type, metric_type
        from registry
        where
            (entity_type, metric_type) not in (select entity_type, metric_type from mapped)
            and ('*', metric_type) not in (select entity_type, metric_type from mapped)
        union all
        select 'with a version, userId or time that the job does not write', entity_type, metric_type
        from built
        where strange_events > 0
        {%- if of_tables %}
        {#- The columns: the model may map each to a name that fits, and yet to the wrong one. #}
        union all
        select 'mapped from another column than in seeds/metrics.csv', '{{ events.label }}', mapped_column.1
        from (
            select arrayJoin([
                {%- for column, metric_type in node.config.meta.metrics.items() -%}
                    ('{{ column }}', '{{ metric_type }}'){{ ', ' if not loop.last }}
                {%- endfor -%}
            ]) as mapped_column
        )
        where mapped_column not in (select legacy_column, metric_type from registry)
        {%- endif %}
    {% endif %}
    {% do ref('metrics') %}
{% endtest %}
