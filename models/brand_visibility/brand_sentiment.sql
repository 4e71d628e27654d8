{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='metric_fact_id',
        pre_hook='{{ assert_tables_not_shrunk() }}'
    )
}}

select
    positions.collector_result_id as metric_fact_id,
    toLowCardinality(assumeNotNull(positions.sentiment_label)) as sentiment_label,
    assumeNotNull(positions.sentiment_score) as sentiment_score,
    {{ to_string_list('positions.positive_sentences') }} as positive_sentences,
    {{ to_string_list('positions.negative_sentences') }} as negative_sentences
from {{ ref('settled_positions') }} as positions
where
    positions.is_brand
    and positions.has_sentiment
