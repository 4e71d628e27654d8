"""The brand visibility job: what it builds against Postgres's own computation, and every check seen red."""

from decimal import Decimal

import pytest

from brand_visibility import DAILY, EXPECTED, JOB, POSITIONS, SETTLED, actual, comparable, expected, failed_tests
from harness import BIN, Project
from warm import Started

BUILT = JOB
AUDIT = "entity_metrics_dbt_test__audit"


def test_built_on_an_empty_target_as_postgres_would_have_it(connected: Project) -> None:
    """Every table, row by row and value by value; days, means and deviations; then again from ranges that cut answers."""
    ran = connected.dbt("build", "--select", JOB)
    assert "ERROR=0" in ran.output and "WARN=0" in ran.output
    for table in EXPECTED:
        assert actual(connected, table) == expected(connected, table) != []
    in_postgres = comparable(
        [[float(value) if isinstance(value, Decimal) else value for value in row] for row in connected.postgres(SETTLED + DAILY)]
    )
    assert actual(connected, "brand_daily_metrics") == in_postgres
    pitfalls = "select metric_fact_id, visibility_index, share_of_answers from entity_metrics.brand_metrics"
    assert connected.rows(f"{pitfalls} where metric_fact_id in (900000023, 900000024) order by 1") == [
        (900000023, None, None),
        (900000024, Decimal(0), Decimal(0)),
    ]
    in_ranges = connected.dbt("run", "--full-refresh", "--select", JOB, "--vars", "{range_size: 20}")
    assert "range 12 of" in in_ranges.output
    for table in EXPECTED:
        assert actual(connected, table) == expected(connected, table)
    # Never the wide column.
    assert connected.rows("select count() from system.columns where name = 'raw_answer' and database = 'entity_metrics'") == [
        (0,)
    ]


def test_rejects_and_their_reasons(built: Project) -> None:
    rejects = built.rows(
        "select toString(reason), toString(row_kind), toString(rejected), ifNull(collector_result_id, 0) - 900000000, count()"
        " from entity_metrics.brand_visibility_rejects group by all order by all"
    )
    null_columns = {"brand_id": 10, "collector_result_id": -900000000, "collector_type": 13}
    null_columns |= {"customer_id": 11, "processed_at": 14, "query_id": 12}
    assert rejects == [
        ("no_brand_row", "competitor", "row", 6, 2),
        *[
            (f"null_{column}", kind, "row", answer, rows)
            for column, answer in null_columns.items()
            for kind, rows in [("brand", 1), ("competitor", 2)]
        ],
        ("out_of_range", "brand", "row", 20, 1),
        ("out_of_range", "competitor", "row", 20, 2),
        ("out_of_range", "competitor", "row", 21, 1),
        ("unknown_competitor", "competitor", "row", 3, 1),
        ("unknown_competitor", "competitor", "row", 5, 1),
        ("unknown_sentiment_label", "brand", "sentiment", 16, 1),
        ("unknown_sentiment_label", "competitor", "sentiment", 16, 2),
    ]
    built.postgres(
        f"""alter table brand_visibility.brand_competitors drop constraint brand_competitors_brand_id_competitor_name_key;
            insert into brand_visibility.brand_competitors (id, brand_id, competitor_name)
                select gen_random_uuid(), brand_id, competitor_name from brand_visibility.brand_competitors
                where competitor_name = 'Rival 3.1';
            alter table {POSITIONS} alter sentiment_score type numeric;
            update {POSITIONS} set sentiment_score = 1000 where collector_result_id = 900000001 and competitor_name is null"""
    )
    built.dbt("run", "--full-refresh", "--select", JOB)
    more = built.rows("select reason, count() > 0 from entity_metrics.brand_visibility_rejects group by all")
    assert {("ambiguous_competitor", True), ("sentiment_score_out_of_range", True)} <= {(str(r), bool(n)) for r, n in more}
    assert failed_tests(built) == set()


def test_every_check_is_seen_red(built: Project) -> None:
    """Things are broken in the built tables, and the tests that are for them, and no others, name them.

    Each of them is green where something else is broken.
    """
    db = "entity_metrics"
    one = "900000022"
    tables = [*EXPECTED, "brand_visibility_rejects", "brand_daily_metrics", "stg_extracted_positions"]
    for table in tables:
        built.rows(f"create table {db}.{table}__right clone as {db}.{table}")

    def broken(*statements: str) -> set[str]:
        """The tests that fail after these statements on what is right."""
        for table in tables:
            built.rows(f"truncate table {db}.{table}")
            built.rows(f"insert into {db}.{table} select * from {db}.{table}__right")
        for statement in statements:
            built.rows(statement)
        return failed_tests(built)

    # A null made zero, as the first backfill program did, and the other way round.
    assert broken(
        f"alter table {db}.brand_metrics delete where metric_fact_id = {one}",
        f"alter table {db}.brand_sentiment delete where metric_fact_id = {one}",
        f"alter table {db}.competitor_sentiment delete where metric_fact_id = {one}",
        f"alter table {db}.competitor_metrics update share_of_answers = null where metric_fact_id = 900000024",
    ) == {
        "refers_to_brand_metrics_metric_facts",
        "equals_sentiment_rows_brand_sentiment",
        "equals_sentiment_rows_competitor_sentiment",
        "keeps_values_competitor_metrics",
    }
    # Also a mean that is off by a cent.
    assert broken(
        f"alter table {db}.brand_metrics update visibility_index = 0 where metric_fact_id = 900000023",
        f"alter table {db}.competitor_metrics delete where metric_fact_id = {one}",
        f"alter table {db}.brand_sentiment update sentiment_label = 'MIXED' where metric_fact_id = {one}",
        f"alter table {db}.competitor_sentiment update sentiment_label = 'MIXED' where 1",
        f"alter table {db}.brand_daily_metrics update avg_visibility = avg_visibility + 0.01 where total_responses > 0",
    ) == {
        "keeps_values_brand_metrics",
        "equals_competitor_rows_competitor_metrics",
        "refers_to_competitor_metrics_competitor_sentiment",
        "accepted_values_brand_sentiment_label",
        "accepted_values_competitor_sentiment_label",
        "equals_source_days_brand_daily_metrics",
    }
    # The competitor's id is in the sorting key and cannot be updated: a row is added. And rows that are there twice.
    stranger = "* replace (generateUUIDv4() as competitor_id)"
    assert broken(
        f"insert into {db}.competitor_metrics select {stranger} from {db}.competitor_metrics"
        f" where metric_fact_id = {one} limit 1",
        f"insert into {db}.competitor_sentiment select {stranger} from {db}.competitor_sentiment"
        f" where metric_fact_id = 900000001 limit 1",
        *[f"insert into {db}.{table} select * from {db}.{table} limit 1" for table in tables],
    ) >= {
        "refers_to_competitors_competitor_metrics",
        "equals_competitor_rows_competitor_metrics",
        "refers_to_competitors_competitor_sentiment",
        "refers_to_competitor_metrics_competitor_sentiment",
        *[f"unique_{table}" for table in tables],
    }
    # A source that has moved on; and a fact that is not there.
    built.postgres(f"update {POSITIONS} set has_brand_presence = not has_brand_presence where collector_result_id = {one}")
    assert broken(f"alter table {db}.metric_facts delete where id = {one}") == {
        "equals_source_days_brand_daily_metrics",
        "equals_answers_metric_facts",
        "refers_to_metric_facts_brand_metrics",
        "refers_to_metric_facts_competitor_metrics",
        "refers_to_metric_facts_brand_sentiment",
        "refers_to_metric_facts_competitor_sentiment",
    }
    assert built.rows(f"select * from {AUDIT}.equals_answers_metric_facts") == [(int(one), -1)]


TRAPS = [
    {
        "settled_positions_by_the_rules": (
            "models/brand_visibility/settled_positions.sql",
            "toNullable(count()) as matches",
            "count() as matches",
        ),
        "competitor_metrics_first_position": (
            "models/brand_visibility/competitor_metrics.sql",
            "if(empty(positions.positions), null, positions.positions[1])",
            "toNullable(positions.positions[1])",
        ),
        "brand_daily_metrics_means_and_deviations": (
            "macros/brand_visibility/conversions.sql",
            "if(count({{ value }}) < 2, null, stddevSampStable(toFloat64({{ value }})))",
            "stddevSamp(toFloat64({{ value }}))",
        ),
    },
    {
        "settled_positions_by_the_rules": (
            "models/brand_visibility/settled_positions.sql",
            "{{ to_two_decimals('if(is_brand, visibility_index, visibility_index_competitor)') }}",
            "toDecimal128(if(is_brand, visibility_index, visibility_index_competitor), 2)",
        ),
        "brand_daily_metrics_means_and_deviations": (
            "models/brand_visibility/brand_daily_metrics.sql",
            "toNullable(sentiment_score) as sentiment_score",
            "sentiment_score",
        ),
    },
]
"""ClickHouse's traps, in two rounds: the unit test that is for one, the file, what is right there and what is the trap."""


@pytest.mark.parametrize("traps", TRAPS, ids=["first", "second"])
def test_unit_tests_are_seen_red(built: Project, traps: dict[str, tuple[str, str, str]]) -> None:
    """Each trap, put back into the SQL, fails the unit test that is for it, and no other."""
    for file, right, wrong in traps.values():
        path = built.folder / file
        assert right in path.read_text()
        path.write_text(path.read_text().replace(right, wrong))
    ran = built.dbt("test", "--select", f"{JOB},test_type:unit", ok=False)
    assert {line.split("::")[1].split()[0] for line in ran.output.splitlines() if " FAIL 1 " in line} == set(traps)


def test_dry_run_then_backfill(connected: Project) -> None:
    """Both print the whole summary; a dry run leaves the target as it was; a second backfill repairs and follows the source."""
    tried = connected.backfill("--job", JOB, "--dry-run")
    assert "Trial, all tests passed. The tables in entity_metrics were not touched." in tried.output
    assert connected.rows("select name from system.databases where name like '%trial%'") == []
    assert connected.rows("select name from system.tables where name = 'metric_facts'") == []
    ran = connected.backfill("--job", JOB)
    assert "Built in entity_metrics in" in ran.output and "all tests passed" in ran.output
    summary = {line.rsplit(None, 1)[0].strip(): line.rsplit(None, 1)[1] for line in ran.output.splitlines() if line.strip()}
    for table in EXPECTED:
        assert summary[table] == str(len(expected(connected, table)))
    answers = connected.postgres(f"select count(distinct collector_result_id) from {POSITIONS}")[0][0]
    assert summary["answers processed"] == str(answers)
    assert summary["duplicates"] == "6"
    assert summary["rejected rows"] == "26" and summary["rejected sentiments"] == "3"
    assert "unknown_competitor" in ran.output and "seconds" in summary
    dry = [line for line in tried.output.splitlines() if "seconds" not in line and "Trial" not in line and "rows/s" not in line]
    assert set(dry) <= set(ran.output.splitlines())

    files = "select hash_of_all_files from system.parts where active and database != 'system' order by all"
    before = connected.rows(files)
    connected.postgres(
        f"update {POSITIONS} set visibility_index = 0.77, sentiment_label = 'NEGATIVE' where collector_result_id = 1003"
    )
    limited = connected.backfill("--job", JOB, "--limit-batches", "1", "--batch-size", "50")
    assert "Trial, all tests passed" in limited.output and connected.rows(files) == before
    connected.rows("alter table entity_metrics.brand_metrics delete where 1")
    connected.backfill("--job", JOB)
    for table in EXPECTED:
        assert actual(connected, table) == expected(connected, table)


def test_rollback_asks_first(built: Project) -> None:
    facts = built.value("select count() from entity_metrics.metric_facts")
    shown = built.dbt("run-operation", "rollback_brand_visibility")
    assert f"metric_facts         {facts} rows" in shown.output and "Nothing was removed" in shown.output
    assert built.value("select count() from entity_metrics.metric_facts") == facts
    refused = built.dbt("run-operation", "rollback_brand_visibility", "--args", "{confirm: sure}", ok=False)
    assert "confirm is 'sure': give true or false" in refused.output
    rejects = built.value("select count() from entity_metrics.brand_visibility_rejects")
    built.dbt("run-operation", "rollback_brand_visibility", "--args", "{confirm: true}")
    for table in [*EXPECTED, "brand_daily_metrics"]:
        assert built.value(f"select count() from entity_metrics.{table}") == 0
    assert built.value("select count() from entity_metrics.brand_visibility_rejects") == rejects
    built.dbt("run", "--select", JOB)
    assert built.value("select count() from entity_metrics.metric_facts") == facts


def test_an_interrupted_build_loses_nothing(built: Project) -> None:
    """Killed in the middle of the pull, it leaves the old tables; the next run goes on and replaces them."""
    before = {table: actual(built, table) for table in EXPECTED}
    built.postgres(f"update {POSITIONS} set share_of_answers_brand = 1.5 where share_of_answers_brand > 0")
    command = [str(BIN / "dbt"), "run", "--select", JOB, "--full-refresh", "--vars", "{range_size: 10}"]
    built.start(*command, until="stg_extracted_positions: range 5 of", then=Started.kill)
    assert {table: actual(built, table) for table in EXPECTED} == before
    command.remove("--full-refresh")
    ran = built.dbt(*command[1:])
    assert "resuming a pull" in ran.output
    for table in EXPECTED:
        assert actual(built, table) == expected(built, table)


def test_bad_input(project: Project) -> None:
    """One sentence each, with the variables and the command of this source."""
    sentence = "There is no source database brand_visibility_source on the target embedded"
    for ran in (project.backfill("--job", JOB, ok=False), project.dbt("run", "--select", JOB, ok=False)):
        assert sentence in ran.output and "entity-metrics connect --source brand_visibility" in ran.output
        assert "Traceback" not in ran.output
    wrong = project.connect("--source", JOB, ok=False, BRAND_VISIBILITY_PGPORT="port")
    assert "BRAND_VISIBILITY_PGPORT is 'port': give a port number." in wrong.output
    secret = "wr0ng-secret"
    refused = project.connect("--source", JOB, ok=False, BRAND_VISIBILITY_PGPASSWORD=secret)
    assert "correct BRAND_VISIBILITY_PGUSER and BRAND_VISIBILITY_PGPASSWORD" in refused.output and secret not in refused.output
    connected = project.connect("--source", JOB)
    assert "extracted_positions" in connected.output and "BountyMetric" not in connected.output
    assert project.environment["BRAND_VISIBILITY_PGPASSWORD"] not in connected.output
    usage = project.backfill("--job", JOB, "--table", "BountyMetric", ok=False)
    assert usage.code == 2 and "--table goes with --job metric_tables" in usage.output
    assert (
        "give a name of letters"
        in project.dbt("run", "--select", JOB, "--vars", "{brand_visibility_database: 'a b'}", ok=False).output
    )

    project.postgres("alter role site set timezone = 'Asia/Tokyo'")
    zone = project.backfill("--job", JOB, ok=False)
    project.postgres("alter role site reset timezone")
    assert "Postgres shows times in the zone Asia/Tokyo" in zone.output and "set timezone = 'UTC'" in zone.output
    project.postgres(f"alter table {POSITIONS} drop created_at")
    lacking = project.backfill("--job", JOB, ok=False)
    assert "Source table extracted_positions lacks the mapped column created_at" in lacking.output
    ran = project.backfill("--job", JOB, "--allow-missing-columns")
    assert "all tests passed" in ran.output
    assert project.value("select countIf(created_at != processed_at) from entity_metrics.metric_facts") == 0
    project.postgres("drop table brand_visibility.brand_competitors")
    gone = project.backfill("--job", JOB, "--allow-missing-columns", ok=False)
    assert "Postgres has no table brand_competitors" in gone.output and "BRAND_VISIBILITY_PGSCHEMA" in gone.output
