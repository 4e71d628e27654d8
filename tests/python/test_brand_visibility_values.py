"""Brand visibility: values that fit no type of the tables are rejects by name; odd ones that fit are what Postgres says."""

import datetime
from decimal import Decimal

from brand_visibility import JOB, POSITIONS
from harness import Project

BUILT = JOB

LOOSER_TYPES = f"""
    alter table {POSITIONS}
        alter brand_positions type bigint[],
        alter competitor_positions type jsonb using to_jsonb(competitor_positions),
        alter visibility_index type double precision,
        alter visibility_index_competitor type double precision,
        alter sentiment_score type numeric,
        alter sentiment_score_competitor type double precision,
        alter total_word_count type bigint,
        alter competitor_mentions type bigint"""

REJECTED = {
    "time_out_of_range": [
        "processed_at = '10000-01-01 00:00:00+00'",
        "processed_at = '0044-03-15 00:00:00+00 BC'",
        "processed_at = 'infinity'",
        "created_at = '-infinity'",
        "processed_at = '1899-12-31 23:59:59.999999+00'",
        "created_at = '2300-01-01 00:00:00+00'",
    ],
    "not_a_number": ["visibility_index = 'NaN'", "share_of_answers_brand = 'NaN'"],
    "out_of_range": [
        "visibility_index = '-Infinity'",
        "visibility_index = 1e300",
        "share_of_answers_brand = 1e25",
        "total_word_count = 3000000000",
    ],
    "positions_out_of_range": ["brand_positions = '{1,NULL,3000000000}'", "brand_positions = '{-2147483649}'"],
}
"""What an answer's brand row is given, by the reason for which all of the answer's rows are rejected."""

REJECTED_COMPETITORS = {
    "not_a_number": ["visibility_index_competitor = 'NaN'"],
    "out_of_range": ["visibility_index_competitor = 'Infinity'", "competitor_mentions = -3000000000"],
    "positions_out_of_range": [
        "competitor_positions = '[1.5]'",
        "competitor_positions = '[7, \"9\"]'",
        "competitor_positions = '[[7]]'",
    ],
    "not_a_list": ["competitor_positions = '{}'", "competitor_positions = '\"7\"'", "competitor_positions = '7'"],
}
"""What an answer's first competitor row is given, by the reason for which that row alone is rejected."""

REJECTED_SENTIMENTS = {
    "not_a_number": ["sentiment_score = 'NaN'"],
    "sentiment_score_out_of_range": ["sentiment_score = 'Infinity'", "sentiment_score = 1e30", "sentiment_score = 1000"],
    "not_a_list": ["""sentiment_positive_sentences = '{"a": 1}'""", """sentiment_negative_sentences = '"Bad."'"""],
}
"""The same for a brand row with label and score, of which the sentiment alone is rejected."""

TIMES = [
    "1900-01-01 00:00:00+00",
    "1969-12-31 23:30:00.000001+00",
    "1970-01-01 02:46:40+00",
    "2149-06-07 00:00:00+00",
    "2299-12-31 23:59:59.999999+00",
]
KEPT = [
    *[f"processed_at = '{time}' where competitor_name is null" for time in TIMES],
    """visibility_index = 0.125, brand_positions = '{4,NULL,2147483647}', sentiment_score = 0.555,
        sentiment_positive_sentences = '["a", null, 1, {"b": 2}]' where competitor_name is null""",
    "competitor_positions = '[null, 3]', visibility_index_competitor = 1e-7 where competitor_name is not null",
    "competitor_positions = 'null' where competitor_name is not null",
]
"""What answers are given that lose nothing by it."""


def test_what_does_not_fit_is_rejected_by_name_and_the_rest_kept(connected: Project) -> None:
    """One oddity an answer; nothing else of it or of other answers is lost, and no data test complains."""
    ordinary = list(range(1003, 1123, 3))
    answers = iter(ordinary)
    connected.postgres(LOOSER_TYPES)
    connected.postgres(
        f"update {POSITIONS} set sentiment_label = 'POSITIVE', sentiment_score = 70"
        " where competitor_name is null and collector_result_id < 1123"
    )
    faults = set()
    for kind, rejected, given in (
        ("brand", "row", REJECTED),
        ("competitor", "row", REJECTED_COMPETITORS),
        ("brand", "sentiment", REJECTED_SENTIMENTS),
    ):
        for reason, assignments in given.items():
            for assignment, answer in zip(assignments, answers, strict=False):
                faults.add((answer, kind, rejected, reason))
                row = "competitor_name is null" if kind == "brand" else "competitor_name like '%.1'"
                connected.postgres(f"update {POSITIONS} set {assignment} where {row} and collector_result_id = {answer}")
    kept = dict(zip(KEPT, answers, strict=False))
    for assignment, answer in kept.items():
        connected.postgres(f"update {POSITIONS} set {assignment} and collector_result_id = {answer}")

    built = connected.dbt("build", "--select", JOB)
    assert "ERROR=0" in built.output and "WARN=0" in built.output
    assert_rejected(connected, ordinary, faults)
    assert_kept(connected, *list(kept.values())[len(TIMES) :])


def assert_rejected(project: Project, answers: list[int], faults: set[tuple[int, str, str, str]]) -> None:
    """Each fault by its reason, the competitor rows of a rejected brand row by the same, and no other row."""
    found = project.rows(
        "select collector_result_id, toString(row_kind), toString(rejected), toString(reason), count()"
        " from entity_metrics.brand_visibility_rejects where collector_result_id < 900000000 group by all"
    )
    of_brands = {(answer, reason) for answer, kind, rejected, reason in faults if (kind, rejected) == ("brand", "row")}
    assert {row[:4] for row in found if row[4] == 1} == faults
    assert {row for row in found if row[4] > 1} == {(answer, "competitor", "row", reason, 5) for answer, reason in of_brands}
    facts = project.rows("select id from entity_metrics.metric_facts where id < 900000000 order by id")
    assert [fact for (fact,) in facts] == [answer for answer in answers if answer not in dict(of_brands)]


def assert_kept(project: Project, values: int, lists: int, no_lists: int) -> None:
    """Times are compared by the epochs that Postgres computes. The answers: one for each thing of KEPT but the times."""
    facts = {
        fact: times
        for fact, *times in project.rows(
            "select id, toUnixTimestamp64Micro(processed_at), toUnixTimestamp64Micro(created_at)"
            " from entity_metrics.metric_facts where id < 900000000"
        )
    }
    epochs = {
        answer: times
        for answer, *times in project.postgres(
            f"""select collector_result_id, (extract(epoch from processed_at) * 1000000)::bigint,
                    (extract(epoch from coalesce(created_at, processed_at)) * 1000000)::bigint
                from {POSITIONS}
                where competitor_name is null and collector_result_id = any (array{list(facts)})"""
        )
    }
    assert facts == epochs
    days = project.rows(
        "select metric_date from entity_metrics.brand_daily_metrics"
        " where metric_date not between '2025-01-01' and '2026-12-31' order by metric_date"
    )
    assert [day for (day,) in days] == [datetime.date.fromisoformat(time[:10]) for time in TIMES]
    measures = "select visibility_index, brand_positions from entity_metrics.brand_metrics where metric_fact_id ="
    assert project.rows(f"{measures} {values}") == [(Decimal("0.13"), [4, 2147483647])]
    sentiment = "select sentiment_score, positive_sentences from entity_metrics.brand_sentiment where metric_fact_id ="
    assert project.rows(f"{sentiment} {values}") == [(Decimal("0.56"), ["a", "1", '{"b":2}'])]
    positions = "select distinct competitor_positions, {} from entity_metrics.competitor_metrics where metric_fact_id = {}"
    assert project.rows(positions.format("visibility_index", lists)) == [([3], Decimal(0))]
    assert project.rows(positions.format("1", no_lists)) == [([], 1)]
