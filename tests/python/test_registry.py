"""The registry, what refuses a registry that is wrong, and the event table under one name per quantity."""

import re

from harness import EVENTS, Project
from packages import FROM_SOURCES, data_tests

JOB = "source_events"
BUILT = "bounty_metrics +tag_engagement"
VARS = FROM_SOURCES
AUDIT = "entity_metrics_dbt_test__audit"
SEED = "entity_metrics.metrics"
PUBLISH = ["run", "--select", "tag_engagement", "--vars", VARS]


def test_a_registry_that_is_not_sound(built: Project) -> None:
    """A row for each thing that can be wrong, and the sentence that names it; the seed's other tests fail, too."""
    sound = data_tests(built, "metrics")
    assert len(sound.that("pass")) == len(sound.that("pass", "fail")) == 4
    columns = "entity_type, quantity, legacy_metric, source_metric, legacy_table, legacy_column, package, agreement, counted_from"
    problems = {
        ("Tag", "a", "a", "", "", "", "", "none", "metric_tables", "r"): "has one of legacy metric, table and column",
        ("Tag", "b", "", "b", "", "", "", "none", "source_events", "r"): "has one of source metric and package",
        ("Tag", "c", "", "", "", "", "", "none", "metric_tables", "r"): "is counted by no job",
        ("Tag", "d", "x", "", "T", "d", "", "none", "metric_tables", "r"): "has a name that neither job uses",
        ("Tag", "e", "e", "", "T", "e", "", "exact", "metric_tables", ""): "has nothing to compare, but the agreement",
        ("Tag", "f", "f", "f", "T", "f", "p", "exact", "metric_tables", "r"): "has no reason for what does not agree",
        ("Tag", "g", "", "g", "", "", "p", "none", "metric_tables", "r"): "is counted from metric_tables, which",
        ("Tag", "h", "h", "", "T", "h", "", "none", "source_events", "r"): "is counted from source_events, which",
        ("Tag", "i", "i", "", "T", "d", "", "none", "metric_tables", "r"): "shares its legacy column",
        ("Tag", "k", "k", "hiddenCount", "T", "k", "p", "differ", "metric_tables", "r"): "shares its source metric",
        ("Tagged", "", "", "l", "", "", "p", "none", "source_events", "r"): "lacks its entity type or quantity",
        ("Tag", "m", "", "m", "", "", "p", "some", "nobody", "r"): "has nothing to compare, but the agreement",
        ("Tag", "postCount", "postCount", "", "TagMetric", "postCount", "", "none", "metric_tables", "r"): "shares its legacy",
    }  # fmt: skip
    built.rows(f"insert into {SEED} ({columns}, reason) values " + ", ".join(str(row) for row in problems))
    assert data_tests(built, "metrics").that("fail") == sound.that("pass")
    found = dict(built.rows(f"select quantity, any(problem) from {AUDIT}.registry_is_sound group by quantity"))
    for row, problem in problems.items():
        assert found.get(row[1], "").startswith(problem), row


def test_a_registry_that_does_not_fit(built: Project) -> None:
    """A seed that is not loaded, or not as the file says; a pair that it lacks, or gives to another: nothing is published."""
    before = built.rows(f"select * from {EVENTS} order by all")

    def refused() -> str:
        return built.dbt_here(*PUBLISH, ok=False).errors[0]

    built.rows(f"alter table {SEED} update package = 'comment' where package = 'tag_engagement'")
    assert "tag_engagement_events maps followerCount of Tag, which seeds/metrics.csv gives to the package comment" in refused()
    assert data_tests(built, "matches_registry_tag_engagement").that("fail")
    problems = f"select distinct problem from {AUDIT}.matches_registry_tag_engagement order by all"
    assert ("mapped by the model, but not in seeds/metrics.csv",) in built.rows(problems)
    built.rows(f"alter table {SEED} delete where entity_type = 'Tag' and quantity = 'hiddenCount'")
    built.rows(f"alter table {SEED} update package = 'tag_engagement' where package = 'comment'")
    said = refused()
    assert "maps hiddenCount of Tag, which seeds/metrics.csv does not have: add its row, and run `dbt seed`" in said
    built.rows(f"drop table {SEED} sync")
    assert "is not loaded: run `dbt seed`" in refused()
    built.dbt_here("seed")
    built.dbt_here(*PUBLISH)

    file = built.folder / "seeds/metrics.csv"
    file.write_text(file.read_text() + "Tag,heldCount,,heldCount,,,tag_engagement,none,source_events,a test\n")
    ran = built.dbt(*PUBLISH, ok=False)
    assert "is not what seeds/metrics.csv says now: run `dbt seed`" in ran.output
    ran = built.dbt("build", "--select", "metrics", "tag_engagement_events", "tag_engagement", "--vars", VARS, ok=False)
    assert " FAIL 1 matches_registry_tag_engagement " in ran.output
    assert built.rows(problems) == [("in seeds/metrics.csv, but not mapped by the model",)]
    file.write_text(file.read_text() + "Tag,heldCount,,heldCount,,,tag_engagement,none,source_events,a test\n")
    for command in (("backfill", "--table", "BountyMetric"), ("connect",)):
        said = built.command(*command, ok=False).output
        assert re.search(r"The seed metrics fails its test \w+: correct seeds/metrics\.csv\.", said), said
    assert built.rows(f"select * from {EVENTS} order by all") == before != []


def test_the_whole_event_table(built: Project) -> None:
    """Rows that nobody owns are named; those that BuzzTip spells, and the live site's, are not. Each quantity has one name."""
    built.rows(f"drop table {EVENTS} sync")
    view = ["build", "--select", "event_table", "--vars", VARS]
    built.rows("drop table entity_metrics.publish_log sync")  # another target's table, in which this project published nothing
    assert "There is no event table" in built.dbt_here(*view, ok=False).errors[0]
    built.create_event_table()
    built.rows(
        f"insert into {EVENTS} values"
        " ('Bounty', 1, 7, 'unheardOf', 2, '2023-01-01 00:00:00', 1),"
        " ('Unheard', 1, 7, 'Like', 1, '2023-01-01 00:00:00', 1),"
        " ('Unheard', 1, -1, 'Like', 1, '2025-01-21 00:00:00', 3),"
        " ('Tag', 1, -1, 'tippedCount', 3, '2025-01-21 00:00:00', 3),"
        # A spelling of BuzzTip's, and the live site's.
        " ('Gift', 1, 7, 'tippedCount', 1, '2023-01-01 00:00:00', 1),"
        " ('Unheard', 1, 7, 'Like', 1, '2025-01-21 00:00:00', 3),"
        " ('Unheard', 1, -1, 'Like', 1, '2025-01-21 00:00:00', 2),"
        " ('Image', 1, 7, 'ReactionLike', 1, '2024-01-01 00:00:00', 2),"
        " ('Image', 1, -1, 'ReactionLike', 5, '2025-01-21 00:00:00', 3),"
        " ('Image', 1, 7, 'Comment', 1, '2024-01-01 00:00:00', 2),"
        " ('Image', 1, 7, 'Like', 1, '2024-01-01 00:00:00', 2),"
        " ('Post', 1, 7, 'ReactionLike', 1, '2024-01-01 00:00:00', 2)"
    )
    assert built.dbt_here(*view, ok=False).that("fail", "error") == {"owned", "counted_once"}
    assert sorted(built.rows(f"select entity_type, quantity, version, events, total from {AUDIT}.owned")) == [
        ("Bounty", "unheardOf", 1, 1, 2),
        ("Tag", "tippedCount", 3, 1, 3),
        ("Unheard", "Like", 1, 1, 1),
        ("Unheard", "Like", 3, 1, 1),
    ]
    named = built.rows(
        "select entity_type, quantity, sum(metric_value) from entity_metrics.named_events"
        " where entity_type in ('Image', 'Post') group by all order by all"
    )
    assert named == [("Image", "Like", 7), ("Image", "commentCount", 1), ("Post", "ReactionLike", 1)]
