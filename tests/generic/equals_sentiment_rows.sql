{#-
    In every answer: the sentiments are the rows that count and have a label and a score, minus rejects. Which rows count is told by
    other means than in the model.
-#}
{% test equals_sentiment_rows(model, kind) %}
    with counting as (
        select
            assumeNotNull(collector_result_id) as answer,
            argMax(
                (id, coalesce(sentiment_label{{ '_competitor' if kind == 'competitor' }}, '') != '' and sentiment_score{{ '_competitor' if kind == 'competitor' }} is not null),
                (processed_at is not null, assumeNotNull(processed_at), id)
            ) as latest
        from {{ ref('stg_extracted_positions') }}
        where
            competitor_name {{ '=' if kind == 'brand' else '!=' }} ''
            and collector_result_id is not null
        group by collector_result_id, competitor_name
    )

    select
        answer as collector_result_id,
        sum(has_sentiment) as expected_rows,
        sum(is_built) as sentiment_rows
    from (
        select answer, toInt64(latest.2) as has_sentiment, 0 as is_built
        from counting
        where latest.1 not in (select source_id from {{ ref('brand_visibility_rejects') }})
        union all
        select metric_fact_id, 0, 1
        from {{ model }}
    )
    group by answer
    having expected_rows != sentiment_rows
    settings max_bytes_before_external_group_by = 134217728
{% endtest %}
