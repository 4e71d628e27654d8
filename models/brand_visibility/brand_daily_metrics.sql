{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='(brand_id, customer_id, collector_type, metric_date)',
        query_settings={'join_algorithm': 'full_sorting_merge'}
    )
}}

-- The columns are nullable before the join, so that a fact without a sentiment has none, not a score of 0, whatever
-- join_use_nulls is.
with sentiments as (
    select
        metric_fact_id,
        toNullable(sentiment_score) as sentiment_score,
        toNullable(sentiment_label) as sentiment_label
    from {{ ref('brand_sentiment') }}
)

select
    facts.brand_id,
    facts.customer_id,
    facts.collector_type,
    -- Date32 holds every day that a DateTime64 has; Date wraps outside of 1970 to 2149.
    toDate32(facts.processed_at, 'UTC') as metric_date,

    avg(metrics.visibility_index) as avg_visibility,
    {{ sample_deviation('metrics.visibility_index') }} as stddev_visibility,
    avg(metrics.share_of_answers) as avg_share,
    {{ sample_deviation('metrics.share_of_answers') }} as stddev_share,
    avg(sentiments.sentiment_score) as avg_sentiment,
    {{ sample_deviation('sentiments.sentiment_score') }} as stddev_sentiment,

    countIf(metrics.has_brand_presence) as presence_count,
    count() as total_responses,
    countIf(sentiments.sentiment_label = 'POSITIVE') as positive_count,
    countIf(sentiments.sentiment_label = 'NEGATIVE') as negative_count,
    countIf(sentiments.sentiment_label = 'NEUTRAL') as neutral_count,

    min(facts.processed_at) as first_response,
    max(facts.processed_at) as last_response,
    max(facts.created_at) as last_updated
from {{ ref('metric_facts') }} as facts
left join {{ ref('brand_metrics') }} as metrics on facts.id = metrics.metric_fact_id
left join sentiments on facts.id = sentiments.metric_fact_id
group by facts.brand_id, facts.customer_id, facts.collector_type, metric_date
