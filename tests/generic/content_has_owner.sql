{#-
    Content that is nobody's: it has no owner, its owner is no user, or it has totals and no row any more. What it received counts for
    nobody. A warning, with a row for each entity type and ten ids. In `dbt build` content is looked at that the last refresh of the totals
    counted, in `dbt test` all.
-#}
{% test content_has_owner(model) %}
    select
        entity_type,
        problem,
        count() as entities,
        arraySort(groupArray(10)(entity_id)) as sample_entity_ids
    from (
        select
            any(sides.entity_type) as entity_type,
            any(sides.entity_id) as entity_id,
            multiIf(
                not max(sides.is_there), 'has totals, and is gone',
                max(sides.user_id) is null, 'has no owner',
                max(sides.user_id) not in (select id from {{ ref('stg_user') }}), 'its owner is no user',
                ''
            ) as problem
        from (
            select
                entity_type,
                entity_id,
                user_id,
                true as is_there
            from {{ model }}
            where {{ 'true' if flags.WHICH == 'test' else 'false' }} or entity_id in (select touched.entity_id from {{ touched_entities() }} as touched)

            union all
            select
                entity_type,
                entity_id,
                null,
                false
            from {{ ref('counted_entities') }} final
            prewhere
                entity_type in ({{ owned_types() }})
                and (
                    {{ 'true' if flags.WHICH == 'test' else 'false' }}
                    or (entity_type, entity_id) in (
                        select
                            touched.entity_type,
                            touched.entity_id
                        from {{ touched_entities() }} as touched
                    )
                )
        ) as sides
        group by {{ entity_number('sides.entity_type', 'sides.entity_id') }}
        having problem != ''
    )
    group by entity_type, problem
    order by entity_type, problem
{% endtest %}
