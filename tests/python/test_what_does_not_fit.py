"""What an event cannot hold: one sentence with the table, the column, a row and a remedy, and nothing is published."""

from entity_metrics import PROJECT
from harness import EVENTS, Project
from packages import FROM_SOURCES, events_in

JOB = "source_events"
BUILT = "+comment +buzz_tip"
VARS = FROM_SOURCES

FIRST = """(select min(id) from "Comment" where not "tosViolation")"""
TIMES = {
    "10000-01-01 00:00:00": False,
    "294276-12-31 23:59:59": False,
    "0044-03-15 12:00:00 BC": False,
    "2000-03-15 12:00:00 BC": False,
    "infinity": False,
    "-infinity": False,
    "1969-12-31 23:59:59.999": False,
    "1970-01-01 00:00:00": True,
    "1970-01-01 02:46:40": True,
    "2105-12-31 23:59:59": True,
    "2106-01-01 00:00:00": False,
}
"""Times in Postgres, and whether an event can have them. The engine takes 10000-01-01 for 02:46:40 on 1970-01-01."""


def run(project: Project, *selected: str, **variables: str) -> str:
    """Run the models. Returns what those that failed say, '' if none did."""
    given = ", ".join(f"{name}: {value}" for name, value in variables.items())
    return "\n".join(project.dbt_here("run", "--select", *selected, "--vars", f"{{{given}}}", ok=None).errors)


def test_times(built: Project) -> None:
    """Each is refused, or is in the event what Postgres says in seconds since 1970."""
    published = events_in(built, EVENTS)
    for time, fits in TIMES.items():
        built.postgres(f"""update "Comment" set "createdAt" = '{time}' where id = {FIRST}""")
        said = run(built, "stg_comment", "comment_events")
        if fits:
            assert said == "", time
            epochs = (
                """select floor(extract(epoch from "createdAt"))::bigint from "Comment" where not "tosViolation" order by 1"""
            )
            of_events = "select toUnixTimestamp(createdAt) from entity_metrics.comment_events order by 1"
            assert built.rows(of_events) == built.postgres(epochs), time
        else:
            assert f"In Comment createdAt is {time}" in said, time
            assert (
                f"where id is {built.postgres(f'select {FIRST}')[0][0]}, and an event's time is from 1970 to 2105 (1 such)"
                in said
            )
    assert events_in(built, EVENTS) == published


def test_times_of_clickhouse_tables(built: Project) -> None:
    """Its own tables are not asked through Postgres."""
    built.load_clickhouse()
    built.rows("insert into orchestration.jobs select * replace ('2150-01-01' as createdAt) from orchestration.jobs limit 1")
    said = run(built, "+stg_model_version", "orchestration_jobs_events")
    assert "In `orchestration`.`jobs` createdAt 2150-01-01 00:00:00.000 does not fit the event table" in said


NUMBERS = {
    "numeric 0.5": "amount 0.5 does not fit the event table",
    "numeric(20, 4) 7.0001": "amount 7.0001 does not fit the event table",
    "numeric NaN": "Cannot parse PostgreSQL value 'NaN' as Decimal",
    "numeric 1e30": "Decimal value is too big",
    "float8 1e-3": "amount 0.001 does not fit the event table",
    "float8 NaN": "amount nan does not fit the event table",
    "float4 -Infinity": "amount -inf does not fit the event table",
    "bigint -2147483649": "amount -2147483649 does not fit the event table",
    "text 12": "In source table BuzzTip amount is read as String, and a whole number is wanted",
    "numeric 12": "",
    "float8 2147483647": "",
}
"""Type and value of one tip, and what a run says."""


def test_a_total_that_is_not_whole(built: Project) -> None:
    built.postgres(
        """alter table "BountyMetric" alter "trackCount" type numeric;
        update "BountyMetric" set "trackCount" = 1.25 where "bountyId" = 2"""
    )
    said = run(built, "bounty_metrics")
    assert "Bounty trackCount of 2 is 1.25, which does not fit the event table's Int32 (1 such in BountyMetric)" in said


def test_numbers(built: Project) -> None:
    """What is whole and fits is published, whatever its type."""
    published = events_in(built, EVENTS)
    one = """ctid = (select min(ctid) from "BuzzTip" where "toUserId" > 0)"""
    for given, sentence in NUMBERS.items():
        type_, value = given.rsplit(" ", 1)
        built.postgres(
            f"""alter table "BuzzTip" alter amount type {type_} using 1; update "BuzzTip" set amount = '{value}' where {one}"""
        )
        said = run(
            built, "stg_buzz_tip", "buzz_tip_events", "buzz_tip", max_removed_share="1", counted_from="{'*': source_events}"
        )
        if sentence:
            assert sentence in said and events_in(built, EVENTS) == published, given
        else:
            assert said == "", given
            assert built.value(f"select max(metricValue) from {EVENTS} where metricType = 'tipsGivenAmount'") == int(value)
            published = events_in(built, EVENTS)


def test_two_totals_of_one_entity(built: Project) -> None:
    """dbt and the command line give the same answer, and its remedy helps."""
    built.postgres(
        """alter table "BountyMetric" drop constraint "BountyMetric_pkey";
        insert into "BountyMetric" select * from "BountyMetric" where "bountyId" = 4"""
    )
    sentence = (
        "BountyMetric has several totals of one entity, as where bountyId is 4 (1 such): delete all but one of each in Postgres"
    )
    assert sentence in run(built, "bounty_metrics")
    assert sentence in built.backfill("--table", "BountyMetric", ok=False).output
    assert built.value(f"select count() from {EVENTS} where version = 3") == 0
    built.postgres(
        """delete from "BountyMetric" where ctid in (
            select max(ctid) from "BountyMetric" where "bountyId" = 4 group by timeframe
        );
        create unique index on "BountyMetric" ("bountyId", timeframe)"""
    )
    assert run(built, "bounty_metrics") == ""
    assert built.bounty_slice() == built.bounty_source() != []


def test_another_encoding(built: Project) -> None:
    """Of a database in LATIN1 Postgres would send bytes that are no UTF8; the remedy has it convert them."""
    city, database = "Düsseldorf", f"{built.database}_latin"
    with built.server.connect("postgres") as connection:
        connection.execute(f"create database {database} encoding 'LATIN1' locale 'C' template template0")
    try:
        with built.server.connect(database) as connection:
            connection.execute(
                """create table "BuzzTip" (
                    "entityType" text, "entityId" int, "toUserId" int not null, "fromUserId" int,
                    amount int, "createdAt" timestamp
                )"""
            )
            connection.execute("""insert into "BuzzTip" values (%s, 1, 2, 3, 4, '2023-01-01')""", [city])
        built.environment["PGDATABASE"] = database
        sentence = "Postgres sends texts in the encoding LATIN1, and ClickHouse's are UTF8"
        assert sentence in built.connect(ok=None).output
        assert sentence in run(built, "stg_buzz_tip")
        with built.server.connect(database) as connection:
            connection.execute(f"alter role site in database {database} set client_encoding = 'UTF8'")
        assert sentence not in built.connect().output
        assert run(built, "stg_buzz_tip") == ""
        assert built.rows("select entityType from entity_metrics.stg_buzz_tip") == [(city,)]
    finally:
        built.release()
        built.server.drop(database)


def test_only_brand_visibility_reads_times_as_text() -> None:
    """Its rows are rejected by name; every other model that reads a time is refused."""
    exempt = [path.name for path in (PROJECT / "models").rglob("*.sql") if "reads_times_as_text" in path.read_text()]
    assert exempt == ["stg_extracted_positions.sql"]
