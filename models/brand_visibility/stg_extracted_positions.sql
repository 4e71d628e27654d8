{{
    config(
        materialized='pull',
        meta={'range_key': 'id', 'reads_times_as_text': true},
        order_by='(collector_result_id, competitor_name)',
        settings={'allow_nullable_key': 1},
        pre_hook='{{ create_text_source() }}',
        post_hook='{{ assert_source_has_rows() }}'
    )
}}

-- Never raw_answer: tens of kilobytes, and the same on every row of an answer.
-- A blank competitor name means the brand row, as none does; '' sorts it before its competitors.
select *
from (
    select
        source.id,
        source.collector_result_id,
        source.brand_id,
        source.customer_id,
        source.query_id,
        source.collector_type,
        if(match(coalesce(source.competitor_name, ''), '\\S'), assumeNotNull(source.competitor_name), '') as competitor_name,
        source.has_brand_presence,
        source.topic,
        {{ to_time('source.processed_at') }} as processed_at,
        {{ to_time('source.created_at') }} as created_at,

        {{ to_int32('source.total_brand_mentions') }} as total_brand_mentions,
        {{ to_int32('source.total_word_count') }} as total_word_count,
        {{ to_int32('source.brand_first_position') }} as brand_first_position,
        {{ to_int_list('source.brand_positions') }} as brand_positions,
        {{ to_measure('source.visibility_index') }} as visibility_index,
        {{ to_measure('source.share_of_answers_brand') }} as share_of_answers_brand,
        source.sentiment_label,
        {{ to_measure('source.sentiment_score') }} as sentiment_score,
        source.sentiment_positive_sentences,
        source.sentiment_negative_sentences,

        {{ to_int32('source.competitor_mentions') }} as competitor_mentions,
        {{ to_int_list('source.competitor_positions') }} as competitor_positions,
        {{ to_measure('source.visibility_index_competitor') }} as visibility_index_competitor,
        {{ to_measure('source.share_of_answers_competitor') }} as share_of_answers_competitor,
        source.sentiment_label_competitor,
        {{ to_measure('source.sentiment_score_competitor') }} as sentiment_score_competitor,
        source.sentiment_positive_sentences_competitor,
        source.sentiment_negative_sentences_competitor,

        -- A competitor row repeats the brand's values, and they are not looked at there.
        toLowCardinality(if(
            competitor_name = '',
            {{ first_misfit([
                to_time_misfit('source.processed_at'),
                to_time_misfit('source.created_at'),
                to_measure_misfit('source.visibility_index'),
                to_measure_misfit('source.share_of_answers_brand'),
                to_int32_misfit('source.total_brand_mentions'),
                to_int32_misfit('source.total_word_count'),
                to_int32_misfit('source.brand_first_position'),
                to_int_list_misfit('source.brand_positions')
            ]) }},
            {{ first_misfit([
                to_measure_misfit('source.visibility_index_competitor'),
                to_measure_misfit('source.share_of_answers_competitor'),
                to_int32_misfit('source.competitor_mentions'),
                to_int_list_misfit('source.competitor_positions')
            ]) }}
        )) as misfit,
        toLowCardinality(multiIf(
            if(competitor_name = '', source.sentiment_score, source.sentiment_score_competitor) is null, '',
            competitor_name = '',
            {{ first_misfit([
                to_measure_misfit('source.sentiment_score', 'sentiment_score_out_of_range'),
                to_string_list_misfit('source.sentiment_positive_sentences'),
                to_string_list_misfit('source.sentiment_negative_sentences')
            ]) }},
            {{ first_misfit([
                to_measure_misfit('source.sentiment_score_competitor', 'sentiment_score_out_of_range'),
                to_string_list_misfit('source.sentiment_positive_sentences_competitor'),
                to_string_list_misfit('source.sentiment_negative_sentences_competitor')
            ]) }}
        )) as sentiment_misfit
    from {{ text_source('brand_visibility', 'extracted_positions') }} as source
    where {{ range_filter() }}
)
