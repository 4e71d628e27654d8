{{
    config(
        materialized='pull',
        meta={'range_key': 'id'},
        order_by='(collector_result_id, competitor_name)',
        settings={'allow_nullable_key': 1}
    )
}}

-- Never raw_answer: tens of kilobytes, and the same on every row of an answer.
-- A blank competitor name means the brand row, as none does; '' sorts it before its competitors.
select
    id,
    collector_result_id,
    brand_id,
    customer_id,
    query_id,
    collector_type,
    if(match(coalesce(competitor_name, ''), '\\S'), assumeNotNull(competitor_name), '') as competitor_name,
    brand_first_position,
    brand_positions,
    competitor_positions,
    competitor_mentions,
    total_brand_mentions,
    total_word_count,
    visibility_index,
    share_of_answers_brand,
    visibility_index_competitor,
    share_of_answers_competitor,
    has_brand_presence,
    topic,
    sentiment_label,
    sentiment_score,
    sentiment_positive_sentences,
    sentiment_negative_sentences,
    sentiment_label_competitor,
    sentiment_score_competitor,
    sentiment_positive_sentences_competitor,
    sentiment_negative_sentences_competitor,
    processed_at,
    created_at
from {{ source('brand_visibility', 'extracted_positions') }}
where {{ range_filter() }}
