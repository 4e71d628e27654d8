{#-
    Nulls stay null, zeros zero and numbers what they were: visibility, share, mentions and positions of each row equal those of the
    staged row that counts, which is found by other means than in the model. A competitor is known by its name here.
-#}
{% test keeps_values(model, kind) %}
    {%- set is_brand = kind == 'brand' -%}
    with built as (
        select
            built.metric_fact_id as answer,
            {% if is_brand %} '' {% else %} known.competitor_name {% endif %} as name,
            toString((
                built.visibility_index,
                built.share_of_answers,
                built.{{ 'total_brand_mentions' if is_brand else 'competitor_mentions' }},
                built.{{ 'brand_positions' if is_brand else 'competitor_positions' }}
            )) as measures
        from {{ model }} as built
        {% if not is_brand -%}
            inner join {{ ref('stg_brand_competitors') }} as known on built.competitor_id = known.id
        {%- endif %}
    ),

    staged as (
        select
            assumeNotNull(collector_result_id) as answer,
            competitor_name as name,
            argMax(
                (
                    visibility_index{{ '' if is_brand else '_competitor' }},
                    share_of_answers_{{ kind }},
                    {{ 'total_brand_mentions' if is_brand else 'competitor_mentions' }},
                    toString({{ kind }}_positions)
                ),
                (processed_at is not null, assumeNotNull(processed_at), id)
            ) as latest
        from {{ ref('stg_extracted_positions') }}
        where collector_result_id is not null and (competitor_name = '') = {{ is_brand }}
        group by collector_result_id, competitor_name
    )

    select
        answer as metric_fact_id,
        name as competitor_name,
        any(of_built) as built_measures,
        any(of_staged) as staged_measures
    from (
        select answer, name, measures as of_built, null as of_staged
        from built
        union all
        select
            answer,
            name,
            null,
            toString((
                round(latest.1, 2)::Nullable(Decimal(9, 2)),
                round(latest.2, 2)::Nullable(Decimal(9, 2)),
                coalesce(latest.3, 0),
                cast(latest.4 as Array(Int32))
            ))
        from staged
    )
    group by answer, name
    having built_measures != staged_measures
    settings max_bytes_before_external_group_by = 134217728
{% endtest %}
