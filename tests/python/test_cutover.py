"""Which legacy tables can go: what keeps one, and what lets it go."""

import json
from typing import Any

import pytest
import yaml

from entity_metrics import PROJECT
from entity_metrics.cutover import KEPT, TIPS
from entity_metrics.jobs import TABLES
from harness import EVENTS, Project
from pages import PAGES, tables

JOB = "source_events"
BUILT = "bounty_metrics tag_metrics image_metrics +buzz_tip event_table totals legacy_tables"


def cutover(project: Project, *names: str, code: int) -> dict[str, Any]:
    """The tables of a document that ends with this exit code, by name."""
    options = [option for name in names for option in ("--table", name)]
    ran = project.command("cutover", *options, "--output", "json", ok=None)
    assert ran.code == code, ran.output[-6000:]
    document = json.loads(ran.output[ran.output.index("{\n") :])
    assert document["succeeded"] == (code == 0)
    return {table["name"]: table for table in document["tables"]}


def audited(project: Project, *options: str) -> None:
    project.command("audit", *options, ok=None)


@pytest.fixture
def ready(built: Project) -> Project:
    audited(built)
    return built


def test_what_keeps_a_table(ready: Project) -> None:
    found = cutover(ready, code=1)
    assert list(found) == [*TABLES, TIPS]
    assert found["BountyMetric"]["because"] == [
        "favoriteCount, trackCount, entryCount, benefactorCount, unitAmountCount, commentCount are counted from it:"
        " let the packages count them (counted_from), or the live site record them"
    ]
    assert found["TagMetric"]["because"][1:] == [
        "modelCount, imageCount, postCount, articleCount have no package: let the live site record them"
    ]
    assert "likeCount" not in found["TagMetric"]["because"][0]
    assert any("Like, " in reason and "differ in the audit" in reason for reason in found["PostMetric"]["because"]), "not built"
    assert found["BuzzTip"]["because"] == [
        "Article, BountyEntry, Image, Model, Post, User have no tips of the live site yet: each tip must be an event of its own,"
        " which its row is not"
    ]
    assert (found["ImageMetric"]["state"], found["ImageMetric"]["because"]) == ("can go", []), "the site does not recompute it"
    columns = {column["name"]: column for column in found["ImageMetric"]["columns"]}
    assert columns["likeCount"] == {
        "name": "likeCount",
        "served": "equal",
        "quantity": "Like",
        "counted_from": "metric_tables",
        "goes_on_by": "nobody",
        "reason": "not recomputed since 2025-02-28",
    }
    assert {name: columns[name]["served"] for name in ("imageId", "timeframe", "reactionCount", "ageGroup")} == {
        "imageId": "derived",
        "timeframe": "derived",
        "reactionCount": "derived",
        "ageGroup": "null",
    }
    ran = ready.command("cutover", "--table", "ImageMetric", "--table", "BountyMetric", ok=False)
    assert "BountyMetric stays: favoriteCount, trackCount" in ran.output
    assert "Kept, content: Article, Bounty, BountyEntry, Image, Model, ModelVersion, Post." in ran.output
    assert "1 of 2 tables can go, 0 are gone; audited at 20" in ran.output


def test_what_lets_it_go(ready: Project) -> None:
    """The live site records all of it, or the packages count it; and each check seen red on a table that could go."""
    ready.rows(
        f"insert into {EVENTS} select 'Bounty', 1, 7, arrayJoin(['favoriteCount', 'trackCount', 'entryCount', 'benefactorCount',"
        " 'unitAmount', 'commentCount']), 1, now(), 2"
    )
    ready.rows(
        f"insert into {EVENTS} select distinct entity_type, 1, 7, source_metric, 1, now(), 2"
        " from entity_metrics.metrics where package = 'buzz_tip' and entity_type != '*'"
    )
    ready.dbt_here("run", "--select", "totals")
    audited(ready)
    found = cutover(ready, "BountyMetric", "BuzzTip", "ImageMetric", code=0)
    assert {column["goes_on_by"] for column in found["BountyMetric"]["columns"] if column["quantity"]} == {"live site"}

    audited(ready, "--sample", "0.5")
    found = cutover(ready, "BountyMetric", code=1)
    assert found["BountyMetric"]["because"] == ["only a sample was audited: run `entity-metrics audit`"]

    ready.rows(f"alter table {EVENTS} delete where entityType = 'Bounty' and version = 3 and metricType = 'trackCount'")
    audited(ready)
    found = cutover(ready, "BountyMetric", code=1)
    assert found["BountyMetric"]["because"] == ["trackCount differ in the audit: run `entity-metrics audit`"]
    ready.dbt_here("run", "--select", "models/bounty_metrics", "totals")
    audited(ready)
    cutover(ready, "BountyMetric", code=0)

    ready.postgres('alter table "BountyMetric" add column "viewCount" int not null default 0')
    found = cutover(ready, "BountyMetric", code=1)
    assert found["BountyMetric"]["because"] == ["viewCount are in no column of the view"]
    ready.postgres('alter table "BountyMetric" drop column "viewCount"')
    ready.rows("drop view entity_metrics.legacy_bounty_metric")
    found = cutover(ready, "BountyMetric", code=1)
    assert "there is no view legacy_bounty_metric: run `dbt build --select legacy_tables`" in found["BountyMetric"]["because"]
    ready.postgres('drop table "BountyMetric"')
    assert cutover(ready, "BountyMetric", code=0)["BountyMetric"]["state"] == "is gone"


def test_every_source_table_has_a_verdict() -> None:
    """What the packages read is kept, or is BuzzTip; the page says so, too."""
    declared = yaml.safe_load((PROJECT / "models" / "sources" / "postgres.yml").read_text())["sources"][0]["tables"]
    assert {table["name"] for table in declared} == {*KEPT, TIPS}, "KEPT in scripts/entity_metrics/cutover.py says why"
    listed = {name.strip("` ") for row in tables(PAGES["docs/cutover.md"])["What is kept"] for name in row[0].split(",")}
    assert listed == set(KEPT)
