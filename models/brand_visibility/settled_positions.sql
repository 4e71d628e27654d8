{{
    config(
        materialized='table',
        engine='MergeTree()',
        order_by='(collector_result_id, competitor_name)',
        query_settings={
            'max_insert_threads': 2,
            'min_insert_block_size_rows': 524288,
            'optimize_read_in_window_order': 1,
            'max_bytes_before_external_sort': 268435456
        }
    )
}}

-- An answer's rows are neighbours in staging, the brand's before its competitors': one window an answer, no page and no join.
with measured as (
    select
        *,
        competitor_name = '' as is_brand,
        {{ to_two_decimals('if(is_brand, visibility_index, visibility_index_competitor)') }} as visibility,
        {{ to_two_decimals('if(is_brand, share_of_answers_brand, share_of_answers_competitor)') }} as share,
        if(is_brand, brand_positions, competitor_positions) as positions,
        if(is_brand, total_brand_mentions, competitor_mentions) as mentions,
        if(is_brand, sentiment_label, sentiment_label_competitor) as label,
        {{ to_two_decimals('if(is_brand, sentiment_score, sentiment_score_competitor)') }} as score,
        if(is_brand, sentiment_positive_sentences, sentiment_positive_sentences_competitor) as positive,
        if(is_brand, sentiment_negative_sentences, sentiment_negative_sentences_competitor) as negative,
        multiIf(
            misfit != '', misfit,
            {{ fits_numeric_5_2('visibility') }} and {{ fits_numeric_5_2('share') }}, '',
            'out_of_range'
        ) as own_reason,
        multiIf(
            not is_brand, '',
            brand_id is null, 'null_brand_id',
            customer_id is null, 'null_customer_id',
            query_id is null, 'null_query_id',
            collector_type is null, 'null_collector_type',
            processed_at is null and misfit != 'time_out_of_range', 'null_processed_at',
            own_reason
        ) as brand_reason
    from {{ ref('stg_extracted_positions') }}
    where collector_result_id is not null
),

-- first_row: the row that settles whether the answer has a brand row, whose it is, and what is wrong with it.
of_answers as (
    select
        *,
        lagInFrame(toNullable(competitor_name)) over by_answer as name_before,
        first_value((is_brand, toNullable(brand_id), brand_reason)) over by_answer as first_row
    from measured
    window by_answer as (
        partition by collector_result_id
        order by competitor_name asc, processed_at desc nulls last, id desc
    )
),

-- Of rows with one name the first counts: the latest processed_at, then the highest id.
settled as (
    select
        *,
        if(first_row.1, first_row.2, null) as brand_of_answer
    from of_answers
    where name_before is null or name_before != competitor_name
),

-- A name is unique for its brand in Postgres; should it not be, none of the ids is the right one. Nullable, so that a name which
-- matches nothing gives null, whatever join_use_nulls is.
competitors as (
    select
        brand_id,
        competitor_name,
        toNullable(any(id)) as competitor_id,
        toNullable(count()) as matches
    from {{ ref('stg_brand_competitors') }}
    group by brand_id, competitor_name
),

judged as (
    select
        settled.*,
        if(competitors.matches = 1, competitors.competitor_id, null) as competitor_id,
        multiIf(
            not settled.first_row.1, 'no_brand_row',
            settled.is_brand or settled.first_row.3 != '', settled.first_row.3,
            competitors.matches is null, 'unknown_competitor',
            competitors.matches > 1, 'ambiguous_competitor',
            settled.own_reason
        ) as reason,
        multiIf(
            reason != '' or coalesce(settled.label, '') = '', '',
            settled.sentiment_misfit != '', settled.sentiment_misfit,
            settled.score is null, '',
            settled.label not in ('POSITIVE', 'NEGATIVE', 'NEUTRAL'), 'unknown_sentiment_label',
            not {{ fits_numeric_5_2('settled.score') }}, 'sentiment_score_out_of_range',
            ''
        ) as sentiment_reason
    from settled
    left join competitors
        on settled.brand_of_answer = competitors.brand_id and settled.competitor_name = competitors.competitor_name
)

select
    assumeNotNull(judged.collector_result_id) as collector_result_id,
    judged.competitor_name,
    judged.id as source_id,
    toBool(judged.is_brand) as is_brand,
    toLowCardinality(judged.reason) as reason,
    toLowCardinality(judged.sentiment_reason) as sentiment_reason,
    toBool(
        coalesce(judged.label, '') != '' and judged.score is not null and reason = '' and sentiment_reason = ''
    ) as has_sentiment,

    judged.brand_of_answer as brand_id,
    judged.competitor_id,

    -- Of the answer, and only on its brand row: a null costs next to nothing.
    {% for column in [
        'customer_id', 'query_id', 'collector_type', 'topic', 'processed_at', 'created_at', 'has_brand_presence',
        'brand_first_position', 'total_word_count'
    ] %}
        if(judged.is_brand, judged.{{ column }}, null) as {{ column }},
    {% endfor %}

    -- Of the brand or of the competitor.
    {{ to_numeric_5_2('judged.visibility') }} as visibility_index,
    {{ to_numeric_5_2('judged.share') }} as share_of_answers,
    judged.positions,
    judged.mentions,

    if(has_sentiment, judged.label, null) as sentiment_label,
    if(has_sentiment, {{ to_numeric_5_2('judged.score') }}, null) as sentiment_score,
    if(has_sentiment, judged.positive, null) as positive_sentences,
    if(has_sentiment, judged.negative, null) as negative_sentences
from judged
