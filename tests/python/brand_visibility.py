"""What the tests of brand visibility share: the rules once more, as Postgres would have them, and what the job built."""

import datetime

from harness import Project

JOB = "brand_visibility"
BUILD = ["build", "--exclude-resource-type", "unit_test", "--select", JOB]
"""The unit tests depend on nothing that is in a database."""
POSITIONS = "brand_visibility.extracted_positions"
COMPETITORS = "brand_visibility.brand_competitors"

SETTLED = rf"""
    with brand_rows as (
        select distinct on (collector_result_id) * from {POSITIONS}
        where collector_result_id is not null and coalesce(competitor_name, '') !~ '\S'
        order by collector_result_id, processed_at desc nulls last, id desc
    ),
    good as (
        select * from brand_rows
        where num_nulls(brand_id, customer_id, query_id, collector_type, processed_at) = 0
            and coalesce(abs(round(visibility_index, 2)), 0) < 1000 and coalesce(abs(round(share_of_answers_brand, 2)), 0) < 1000
    ),
    competitor_rows as (
        select distinct on (collector_result_id, competitor_name) * from {POSITIONS}
        where collector_result_id is not null and competitor_name ~ '\S'
        order by collector_result_id, competitor_name, processed_at desc nulls last, id desc
    ),
    good_competitors as (
        select rows.*, known.id as competitor_id
        from competitor_rows as rows
        join good using (collector_result_id)
        join {COMPETITORS} as known
            on known.brand_id = good.brand_id and known.competitor_name = rows.competitor_name
        where coalesce(abs(round(rows.visibility_index_competitor, 2)), 0) < 1000
            and coalesce(abs(round(rows.share_of_answers_competitor, 2)), 0) < 1000
    )
"""
LABELS = "('POSITIVE', 'NEGATIVE', 'NEUTRAL')"

EXPECTED = {
    "metric_facts": """
        select collector_result_id, collector_result_id, brand_id, customer_id, query_id, collector_type, topic,
            processed_at at time zone 'UTC', coalesce(created_at, processed_at) at time zone 'UTC'
        from good""",
    "brand_metrics": """
        select collector_result_id, visibility_index::numeric(5, 2), share_of_answers_brand::numeric(5, 2), has_brand_presence,
            brand_first_position, coalesce(brand_positions, '{}'), coalesce(total_brand_mentions, 0),
            coalesce(total_word_count, 0)
        from good""",
    "competitor_metrics": """
        select collector_result_id, competitor_id, visibility_index_competitor::numeric(5, 2),
            share_of_answers_competitor::numeric(5, 2), coalesce(competitor_positions, '{}'), coalesce(competitor_mentions, 0),
            competitor_positions[1], coalesce(competitor_mentions > 0, false)
        from good_competitors""",
    "brand_sentiment": f"""
        select collector_result_id, sentiment_label, sentiment_score,
            array(select jsonb_array_elements_text(sentiment_positive_sentences)),
            array(select jsonb_array_elements_text(sentiment_negative_sentences))
        from good where sentiment_label in {LABELS} and sentiment_score is not null""",
    "competitor_sentiment": f"""
        select collector_result_id, competitor_id, sentiment_label_competitor, sentiment_score_competitor,
            array(select jsonb_array_elements_text(sentiment_positive_sentences_competitor)),
            array(select jsonb_array_elements_text(sentiment_negative_sentences_competitor))
        from good_competitors where sentiment_label_competitor in {LABELS} and sentiment_score_competitor is not null""",
}

DAILY = f"""
    select brand_id, customer_id, collector_type, (processed_at at time zone 'UTC')::date,
        avg(visibility_index::numeric(5, 2)), stddev_samp(visibility_index::numeric(5, 2)),
        avg(share_of_answers_brand::numeric(5, 2)), stddev_samp(share_of_answers_brand::numeric(5, 2)),
        avg(sentiment_score) filter (where sentiment_label in {LABELS}),
        stddev_samp(sentiment_score) filter (where sentiment_label in {LABELS}),
        count(*) filter (where has_brand_presence), count(*),
        count(*) filter (where sentiment_label = 'POSITIVE' and sentiment_score is not null),
        count(*) filter (where sentiment_label = 'NEGATIVE' and sentiment_score is not null),
        count(*) filter (where sentiment_label = 'NEUTRAL' and sentiment_score is not null),
        min(processed_at) at time zone 'UTC', max(processed_at) at time zone 'UTC',
        max(coalesce(created_at, processed_at)) at time zone 'UTC'
    from good group by 1, 2, 3, 4"""


def comparable(rows):
    """Sorted; lists for tuples and arrays; times without a zone; averages as floats with two decimals."""

    def plain(value):
        if isinstance(value, datetime.datetime):
            return value.replace(tzinfo=None)
        return round(value, 2) if isinstance(value, float) else value

    return sorted(([plain(value) for value in row] for row in rows), key=str)


def actual(project: Project, table: str):
    return comparable(project.rows(f"select * from entity_metrics.{table}"))


def expected(project: Project, table: str):
    return comparable(project.postgres(SETTLED + EXPECTED[table]))


def failed_tests(project: Project, *options: str) -> set[str]:
    """Run the job's data tests. Returns the names of those that failed."""
    done = project.dbt_here("test", "--select", f"{JOB},test_type:data", *options, ok=None)
    assert not done.that("error", "runtime error"), done.output
    return done.that("fail")
