{#-
    Counts and averages of each brand, customer, engine and day equal those computed from the live source table, by other means than
    in the models: counts exactly, averages but for the last bits of a float. The day is read off the time as Postgres writes it.
    What could not be read is known from the rejects. Reads the source once more. A failure can also mean that the source has changed
    since it was staged: then run the job again. A trial of a few ranges has nothing to compare.
-#}
{% test equals_source_days(model) %}
    {%- set counts = ['total_responses', 'presence_count', 'positive_count', 'negative_count', 'neutral_count'] %}
    {%- set averages = ['avg_visibility', 'avg_share', 'avg_sentiment'] %}
    with brand_rows as (
        select
            argMax(
                (
                    id, brand_id, customer_id, query_id, collector_type, processed_at,
                    visibility_index, share_of_answers_brand, has_brand_presence, sentiment_label, sentiment_score
                ),
                (match(coalesce(processed_at, ''), '^(19|2[012])\\d\\d-.*\\d$'), coalesce(processed_at, ''), id)
            ) as latest
        from {{ ref('stg_extracted_positions').incorporate(path={'identifier': 'extracted_positions__text'}) }}
        where collector_result_id is not null and match(coalesce(competitor_name, ''), '^\\s*$')
        group by collector_result_id
    ),

    answers as (
        select
            latest.2 as brand_id,
            latest.3 as customer_id,
            latest.5 as collector_type,
            toDate32(substring(latest.6, 1, 10)) as metric_date,
            toFloat64(round(toDecimal128OrNull(latest.7, 19), 2)) as visibility,
            toFloat64(round(toDecimal128OrNull(latest.8, 19), 2)) as share,
            coalesce(latest.9, 0) as presence,
            latest.10 in ('POSITIVE', 'NEGATIVE', 'NEUTRAL') and latest.11 is not null and latest.1 not in (
                select source_id from {{ ref('brand_visibility_rejects') }} where rejected = 'sentiment'
            ) as has_sentiment,
            if(has_sentiment, latest.10, null) as label,
            if(has_sentiment, toFloat64(round(toDecimal128OrNull(latest.11, 19), 2)), null) as score
        from brand_rows
        where
            latest.2 is not null
            and latest.3 is not null
            and latest.4 is not null
            and latest.5 is not null
            and latest.6 is not null
            and latest.1 not in (
                select source_id from {{ ref('brand_visibility_rejects') }}
                where rejected = 'row' and not startsWith(reason, 'null_')
            )
    )

    select
        brand_id,
        customer_id,
        collector_type,
        metric_date,
        {% for name in counts + averages %}
            anyIf({{ name }}, not is_built) as source_{{ name }},
            anyIf({{ name }}, is_built) as built_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            assumeNotNull(brand_id) as brand_id,
            assumeNotNull(customer_id) as customer_id,
            toString(assumeNotNull(collector_type)) as collector_type,
            assumeNotNull(metric_date) as metric_date,
            false as is_built,
            count() as total_responses,
            countIf(presence) as presence_count,
            countIf(label = 'POSITIVE') as positive_count,
            countIf(label = 'NEGATIVE') as negative_count,
            countIf(label = 'NEUTRAL') as neutral_count,
            avg(visibility) as avg_visibility,
            avg(share) as avg_share,
            avg(score) as avg_sentiment
        from answers
        group by brand_id, customer_id, collector_type, metric_date
        union all
        select
            brand_id,
            customer_id,
            toString(collector_type),
            metric_date,
            true,
            {{ (counts + averages) | join(', ') }}
        from {{ model }}
    )
    group by brand_id, customer_id, collector_type, metric_date
    having
        count() != 2
        {% for name in counts + averages %}
            or count({{ name }}) = 1
            or max({{ name }}) - min({{ name }}) >= 0.000001
        {% endfor %}
    {{ 'limit 0' if var('range_limit') | int }}
{% endtest %}
