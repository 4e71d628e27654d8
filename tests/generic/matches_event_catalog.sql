{#-
    The package and the seed `event_catalog` agree in both directions: every pair of entity type and metric type that the catalog
    names for the package is mapped by it; nothing is mapped or built that the catalog lacks. Entity types that the source
    itself spells (`*` in the mapping) are not checked here, but by `known_entity_types`.
-#}
{% test matches_event_catalog(model) %}
    {% if execute %}
        {%- set package = package_of(model) -%}
        {%- set mapped, wild = [], package.slice.metrics.get('*', []) -%}
        {%- for entity_type, metric_types in package.slice.metrics.items() if entity_type != '*' -%}
            {%- for metric_type in metric_types -%}{%- do mapped.append(entity_type ~ ' ' ~ metric_type) -%}{%- endfor -%}
        {%- endfor -%}
        {%- set by_name = package.slice.metrics.keys() | reject('equalto', '*') | list -%}
        {%- set catalog = [] -%}
        {%- for pair in package.catalog -%}{%- do catalog.append(pair.entity_type ~ ' ' ~ pair.metric_type) -%}{%- endfor -%}
        with pairs as (
            select 'mapped by the model' as place, arrayJoin({{ mapped }}) as pair
            union all
            select 'built by the model', toString(entityType) || ' ' || toString(metricType)
            from {{ model }}
            where not has({{ wild or [''] }}, toString(metricType))
            group by entityType, metricType
        )

        select place || ', but not in the catalog' as problem, pair
        from pairs
        where not has({{ catalog or [''] }}, pair)
        union all
        select 'in the catalog, but not mapped by the model' as problem, pair
        from (select arrayJoin({{ catalog }}) as pair)
        where
            pair not in (select pair from pairs where place = 'mapped by the model')
            and not (
                has({{ wild or [''] }}, splitByChar(' ', pair)[2])
                and not has({{ by_name or [''] }}, splitByChar(' ', pair)[1])
            )
    {% endif %}
    {% do ref('event_catalog') %}
{% endtest %}
