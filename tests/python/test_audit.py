"""The audit: green on sound data, and each hop seen red, with the keys named."""

import json
import re
from typing import Any

import pytest

from harness import EVENTS, Project
from test_staging import as_on_an_older_server

JOB = "source_events"
BUILT = "bounty_metrics tag_metrics +buzz_tip event_table totals"
DATABASE = "entity_metrics"
ONLY = ("--only", "Bounty", "--only", "Tag", "--only", "User.tippedCount", "--only", "User.tipsGivenCount")


def audit(project: Project, *options: str, code: int, only: tuple[str, ...] = ONLY) -> dict[str, Any]:
    """The document of an audit that ends with this exit code."""
    ran = project.command("audit", *only, *options, "--output", "json", ok=None)
    assert ran.code == code, ran.output[-6000:]
    return json.loads(ran.output[ran.output.index("{\n") :])


def differing(document: dict[str, Any]) -> dict[str, str | None]:
    """The first hop that differs, of the quantities that have one."""
    found = {f"{row['entity_type']}.{row['quantity']}": row["first_difference"] for row in document["quantities"]}
    return {name: hop for name, hop in found.items() if hop}


def hop(document: dict[str, Any], name: str, wanted: str) -> dict[str, Any]:
    """A hop of a quantity, such as Bounty.trackCount."""
    row = next(row for row in document["quantities"] if f"{row['entity_type']}.{row['quantity']}" == name)
    return next(found for found in row["hops"] if found["hop"] == wanted)


def worst(document: dict[str, Any], name: str, wanted: str) -> list[tuple[int, int, int]]:
    return [(key["entity_id"], key["before"], key["after"]) for key in hop(document, name, wanted)["worst"]]


def largest(project: Project, quantity: str, number: int = 1) -> list[tuple[int, int]]:
    """Entities with the largest totals of a quantity, and the totals."""
    return project.rows(
        f"select entity_id, total from {DATABASE}.metric_totals where entity_type || '.' || quantity = '{quantity}'"
        f" order by total desc, entity_id limit {number}"
    )


@pytest.fixture
def sound(built: Project) -> Project:
    return built


def test_sound_data(sound: Project) -> None:
    """All keys are compared and equal; figures are those of Postgres; what was not built is named; a sample stays the same."""
    document = audit(sound, code=0)
    assert document["succeeded"] and document["cache"] is None and document["share"] == 1
    keys, total = sound.postgres(
        """select count(*), sum("trackCount") from "BountyMetric" where timeframe = 'AllTime' and "trackCount" <> 0"""
    )[0]
    for wanted in ("staged", "events", "days", "totals"):
        found = hop(document, "Bounty.trackCount", wanted)
        assert [found["keys_before"], found["keys_after"], found["equal"], found["sum_before"], found["sum_after"]] == (
            [keys] * 3 + [total] * 2
        )
        assert found["coverage"] == 1
    tipped, tips = sound.postgres(
        """select count(distinct "toUserId"), count(*) from "BuzzTip" where "createdAt" < '2024-08-07 15:44:39.044'"""
    )[0]
    found = hop(document, "User.tippedCount", "events")
    assert [found[name] for name in ("keys_before", "equal", "sum_before", "sum_after")] == [tipped, tipped, tips, tips]
    assert document["keys"] == sound.value(
        f"select count() from {DATABASE}.metric_totals where total != 0 and"
        " (entity_type in ('Bounty', 'Tag') or (entity_type = 'User' and quantity in ('tippedCount', 'tipsGivenCount')))"
    )

    part = audit(sound, "--sample", "0.3", code=0)
    assert 0 < part["keys"] < document["keys"]
    few = audit(sound, "--sample", "40", code=0)
    assert 0 < few["keys"] < part["keys"]
    assert part["quantities"] == audit(sound, "--sample", "0.3", code=0)["quantities"]

    whole = audit(sound, only=(), code=1)
    assert {row["sentence"] for row in whole["quantities"] if row["entity_type"] == "Post" and row["quantity"] == "Like"} == {
        "nothing to compare: PostMetric was not pulled and built"
    }
    switched = audit(sound, "--counted-from", "Tag=source_events", code=1, only=("--only", "Tag.followerCount"))
    assert [row["sentence"] for row in switched["quantities"]] == ["nothing to compare: tag_engagement was not pulled and built"]
    ran = sound.command("audit", "--only", "Bounty", ok=True)
    assert re.search(rf"Bounty +trackCount +{keys} +{total:,} +{total:,} +{total:,} +{total:,} +1.0000", ran.output)
    assert "6 quantities, " in ran.output and "nothing was lost at any hop; no cache is connected." in ran.output


@pytest.mark.parametrize("on_an_older_server", [False, True])
def test_postgres_and_staged_rows(sound: Project, on_an_older_server: bool) -> None:
    """A staged row that is lost is; one that Postgres wrote or removed since is newer. Without a time of writing it is lost."""
    if on_an_older_server:
        as_on_an_older_server(sound)
    (lost, total), (newer, _), (removed, _) = largest(sound, "Bounty.trackCount", 3)
    sound.rows(f"alter table {DATABASE}.stg_bounty_metrics delete where bountyId = {lost}")
    sound.postgres(
        f"""update "BountyMetric" set "trackCount" = "trackCount" + 7, "updatedAt" = now() where "bountyId" = {newer};
        delete from "BountyMetric" where "bountyId" = {removed}"""
    )
    document = audit(sound, code=1)
    found = hop(document, "Bounty.trackCount", "staged")
    assert (found["missing"], found["too_many"], found["different"], found["newer"]) == (1, 0, 0, 2)
    assert worst(document, "Bounty.trackCount", "staged") == [(lost, total, 0)]
    assert differing(document)["Bounty.trackCount"] == "staged"
    keys, sum_now = sound.postgres(
        """select count(*), sum("trackCount") from "BountyMetric" where timeframe = 'AllTime' and "trackCount" <> 0"""
    )[0]
    assert (found["keys_before"], found["sum_before"]) == (keys, sum_now)
    assert hop(document, "Bounty.trackCount", "events")["too_many"] == 1, "the event is still there"

    sound.postgres('alter table "BountyMetric" drop column "updatedAt"')
    document = audit(sound, code=1)
    assert hop(document, "Bounty.trackCount", "staged")["different"] == 1
    sound.postgres('drop table "BountyMetric"')
    document = audit(sound, code=1)
    assert "staged" not in {
        found["hop"] for row in document["quantities"] if row["entity_type"] == "Bounty" for found in row["hops"]
    }


def test_source_and_events(sound: Project) -> None:
    """Of metric tables and packages. What others write counts in what follows, and is no difference."""
    ((bounty, tracked),) = largest(sound, "Bounty.trackCount")
    ((user, tips),) = largest(sound, "User.tippedCount")
    sound.rows(f"insert into {EVENTS} values ('Bounty', {bounty}, 9, 'trackCount', 5, now(), 2)")
    sound.dbt_here("run", "--select", "totals")
    document = audit(sound, code=0)
    events, days = (hop(document, "Bounty.trackCount", wanted) for wanted in ("events", "days"))
    assert days["sum_before"] == days["sum_after"] == events["sum_after"] + 5

    sound.rows(
        f"alter table {EVENTS} delete where (entityType = 'Bounty' and entityId = {bounty} and metricType = 'trackCount'"
        " and version = 3)"
        f" or (entityType = 'User' and entityId = {user} and metricType = 'tippedCount')"
    )
    document = audit(sound, code=1)
    assert differing(document) == {"Bounty.trackCount": "events", "User.tippedCount": "events"}
    assert worst(document, "Bounty.trackCount", "events") == [(bounty, tracked, 0)]
    assert worst(document, "User.tippedCount", "events") == [(user, tips, 0)]
    found = hop(document, "User.tippedCount", "days")
    assert (found["newer"], found["problem"]) == (1, ""), "the totals were not refreshed since"
    ran = sound.command("audit", *ONLY, ok=False)
    assert (
        f"User.tippedCount, from the source to the event table: 1 missing, as in {user} ({tips:,}, then 0);"
        " run the job that counts it." in ran.output
    )
    sound.dbt_here("run", "--select", "totals")
    document = audit(sound, code=1)
    assert hop(document, "User.tippedCount", "days")["newer"] == 0
    assert differing(document) == {"Bounty.trackCount": "events", "User.tippedCount": "events"}


def test_swapped_keys_leave_sums_equal(sound: Project) -> None:
    """Two tags have each other's events: no sum differs, and the keys do."""
    (first, more), (second, less) = largest(sound, "Tag.followerCount", 2)
    assert more != less
    sound.rows(
        f"alter table {EVENTS} update metricValue = {more} + {less} - metricValue"
        f" where entityType = 'Tag' and metricType = 'followerCount' and entityId in ({first}, {second})"
    )
    document = audit(sound, code=1)
    found = hop(document, "Tag.followerCount", "events")
    assert found["sum_before"] == found["sum_after"] and found["different"] == 2
    assert differing(document) == {"Tag.followerCount": "events"}
    assert worst(document, "Tag.followerCount", "events") == sorted([(first, more, less), (second, less, more)])


def test_days_and_totals(sound: Project) -> None:
    """A day that is gone, and a total that was changed, by hand: months and entities are as they were built."""
    ((bounty, entries),) = largest(sound, "Bounty.entryCount")
    ((tag, hidden),) = largest(sound, "Tag.hiddenCount")
    sound.rows(
        f"alter table {DATABASE}.built_days delete"
        f" where entity_type = 'Bounty' and entity_id = {bounty} and quantity = 'entryCount'"
    )
    sound.rows(
        f"insert into {DATABASE}.counted_entities select * replace (cast("
        "mapApply((name, found) -> (name, (found.1 + (name = 'hiddenCount'), found.2, found.3)), totals),"
        " 'Map(LowCardinality(String), Tuple(total Int64, events UInt64, last_event DateTime(\\'UTC\\')))') as totals,"
        " counted_at + interval 1 second as counted_at)"
        f" from {DATABASE}.counted_entities final where entity_type = 'Tag' and entity_id = {tag}"
    )
    document = audit(sound, code=1)
    assert differing(document) == {"Bounty.entryCount": "days", "Tag.hiddenCount": "totals"}
    assert worst(document, "Bounty.entryCount", "days") == [(bounty, entries, 0)]
    assert worst(document, "Bounty.entryCount", "totals") == [(bounty, 0, entries)]
    assert worst(document, "Tag.hiddenCount", "totals") == [(tag, hidden, hidden + 1)]


def test_cache(sound: Project) -> None:
    """Only what is cached is compared. A wrong value is named; what was counted after the cache was read is newer."""

    def read(at: str, change: str = "0", where: str = "true") -> None:
        sound.rows(
            f"create or replace table {DATABASE}.cached_totals engine = MergeTree order by entity_id comment '{at}' as"
            " select toString(entity_type) as entity_type, entity_id, toString(quantity) as quantity, total +"
            f" ({change}) as total from {DATABASE}.metric_totals where entity_id % 3 = 0 and {where}"
        )

    read("2040-01-01 00:00:00")
    document = audit(sound, code=0)
    found = hop(document, "Bounty.trackCount", "cache")
    cached = sound.value(
        f"select count() from {DATABASE}.metric_totals"
        " where entity_type = 'Bounty' and quantity = 'trackCount' and entity_id % 3 = 0"
    )
    assert (found["keys_after"], found["equal"]) == (cached, cached) and document["cache"] == "2040-01-01 00:00:00"

    read("2040-01-01 00:00:00", "quantity = 'trackCount' and entity_id = 3")
    document = audit(sound, code=1)
    assert differing(document) == {"Bounty.trackCount": "cache"}
    assert [key[0] for key in worst(document, "Bounty.trackCount", "cache")] == [3]
    ran = sound.command("audit", *ONLY, ok=False)
    assert "Bounty.trackCount, from the totals to the cache: 1 different, as in 3 (" in ran.output
    assert "the cache as of 2040-01-01 00:00:00." in ran.output

    read("2020-01-01 00:00:00", "quantity = 'trackCount' and entity_id = 3")
    document = audit(sound, code=0)
    assert hop(document, "Bounty.trackCount", "cache")["newer"] == 1

    read("2040-01-01 00:00:00", where="not (quantity = 'trackCount' and entity_id = 3)")
    document = audit(sound, code=1)
    assert differing(document) == {"Bounty.trackCount": "cache"}, "a hash without the field says 0"
    assert hop(document, "Bounty.trackCount", "cache")["missing"] == 1

    # An event that the totals lack and the cache has.
    read("2040-01-01 00:00:00", "quantity = 'trackCount' and entity_id = 3")
    sound.rows(
        f"insert into {EVENTS} (entityType, entityId, userId, metricType, metricValue, createdAt, version)"
        " values ('Bounty', 3, 7, 'trackCount', 1, now(), 2)"
    )
    document = audit(sound, code=0)
    assert hop(document, "Bounty.trackCount", "cache")["newer"] == 1

    read("2040-01-01 00:00:00", where="false")
    assert audit(sound, code=0)["cache"] is None, "where nothing is cached, no cache is connected"


def test_the_audit_as_a_test_of_dbt(sound: Project) -> None:
    """`dbt build --select audit` alone is red where sources were not built; a sample of nothing is red, too."""
    nodes = sound.dbt_here("build", "--select", "audit", ok=False)
    assert nodes.that("fail") == {"nothing_lost"}
    assert (
        sound.command("audit", "--sample", "0.000001", *ONLY, ok=False).output.strip().endswith("there was nothing to compare.")
    )


def test_wrong_usage(connected: Project) -> None:
    for options, sentence in (
        (("--sample", "0"), "give a share of the entities, such as 0.01, or a number of them, such as 1000."),
        (("--sample", "few"), "'few': give a share of the entities"),
        (("--sample", "1.5"), "'1.5': give a share of the entities"),
        (("--only", "bounty"), "'bounty': give an entity type or a quantity of metrics.csv"),
    ):
        ran = connected.command("audit", *options, ok=False)
        assert ran.code == 2 and sentence in " ".join(ran.output.replace("│", " ").split()), ran.output
    ran = connected.command("audit", ok=False)
    assert ran.code == 1
    assert "There is no entity_metric_events to audit: run `dbt build --select event_table totals`." in ran.output
    assert "Nothing was audited: run `entity-metrics audit` first." in connected.command("cutover", ok=False).output


def test_live_versions(sound: Project) -> None:
    """Where a package follows beside a live site, its events and the live ones are the source's together."""
    ((user, tips),) = largest(sound, "User.tippedCount")
    variables = "{live_versions: [2], publish_strategy: append, repair_margin: 0, source_events_cutoff: null}"
    sound.rows(
        f"insert into {EVENTS} select * replace (2 as version) from {EVENTS} where entityType = 'User' and entityId = {user}"
    )
    for _ in range(2):
        sound.dbt_here("run", "--select", "buzz_tip_events", "buzz_tip", "--vars", variables)
    sound.dbt_here("run", "--select", "totals")
    assert largest(sound, "User.tippedCount")[0][1] >= tips, "what the live site repeats is taken back"

    def judged(variables: str) -> list[tuple[Any, ...]]:
        sound.dbt_here("run", "--select", "audit", "--vars", variables)
        return sound.rows(
            "select keys_before, equal, different + missing, sum_before = sum_after, problem"
            f" from {DATABASE}.audit where hop = 'events' and entity_type = 'User' and quantity = 'tippedCount'"
        )

    ((keys, equal, lost, same, problem),) = judged(variables)
    assert (equal, lost, same, problem) == (keys, 0, True, "")
    ((_, _, lost, _, problem),) = judged("{source_events_cutoff: null}")
    assert (lost, problem) == (1, "keys differ"), "without the live events the slice is short of them"
    sound.rows(f"alter table {EVENTS} delete where version = 2 and entityType = 'User' and entityId = {user}")
    ((_, _, lost, _, problem),) = judged(variables)
    assert (lost, problem) == (1, "keys differ")
