"""Who counts a quantity is data: both jobs in one run or after each other, in any order, end in the same table."""

from harness import EVENTS, Nodes, Project

JOB = "source_events"
BUILT = "+bounty_benefactor_events +bounty_metric_events"
"""A model of each job, with nothing published."""
AUDIT = "entity_metrics_dbt_test__audit"

BOTH_JOBS = ["post_metrics", "stg_buzz_tip", "buzz_tip_events", "buzz_tip", "event_table"]
TABLE, PACKAGE = "bounty_metrics", "bounty_benefactor"
BOTH = {"benefactorCount", "unitAmount"}
"""What of Bounty the package counts, too."""
ALL = BOTH | {"favoriteCount", "trackCount", "entryCount", "commentCount"}

CONFIGURATIONS = {
    "{}": set(),
    "{'*': source_events}": BOTH,
    "{Bounty: source_events}": BOTH,
    "{Bounty.unitAmount: source_events}": {"unitAmount"},
    "{'*': source_events, Bounty: metric_tables, Bounty.unitAmount: source_events}": {"unitAmount"},
}
"""Values of the var, and what of Bounty the package counts with each: the narrowest key wins."""


def variables(counted_from: str) -> list[str]:
    """With an early cutoff, which leaves few months to publish."""
    return ["--vars", f"{{counted_from: {counted_from}, source_events_cutoff: '2023-02-01', max_removed_share: 0}}"]


def run(project: Project, counted_from: str, *nodes: str) -> str:
    return project.dbt_here("run", "--select", *nodes, *variables(counted_from)).output


def checked(project: Project, *nodes: str, options: list[str], command: str = "test") -> Nodes:
    """Whether the nodes' slices are there as the vars have it, and the tests on the whole event table."""
    selected = ["named_events", "counted_once", "owned", *[f"published_{node}" for node in nodes]]
    return project.dbt_here(command, "--select", *selected, *options, ok=None)


def problems(project: Project) -> dict[str, str]:
    """What counted_once stored of Bounty and Post, by quantity."""
    stored = f"select quantity, problem from {AUDIT}.counted_once where entity_type in ('Bounty', 'Post')"
    return dict(project.rows(stored))


def counting(project: Project, entity_type: str = "Bounty") -> dict[str, set[int]]:
    """The versions that each metric of the entity type is counted in."""
    found = project.rows(
        f"select toString(metricType), groupUniqArray(version) from {EVENTS} where entityType = '{entity_type}' group by 1"
    )
    return {metric: set(versions) for metric, versions in found}


def everything(project: Project) -> list[tuple[object, ...]]:
    return project.rows(f"select entityType, version, count(), sum(cityHash64(*)) from {EVENTS} group by all order by all")


def test_any_order_ends_in_the_same_table(built: Project) -> None:
    """With every kind of key, from the state that another configuration left; in between nothing is counted twice."""
    ended: dict[str, object] = {}
    for first, second in ((TABLE, PACKAGE), (PACKAGE, TABLE)):
        for wanted, of_sources in list(CONFIGURATIONS.items())[:: 1 if first == TABLE else 4]:
            for node in (first, second):
                said = run(built, wanted, node)
                assert all(len(versions) == 1 for versions in counting(built).values()), (wanted, node)
            assert everything(built) == ended.setdefault(wanted, everything(built)), wanted
            assert {metric for metric, versions in counting(built).items() if versions == {1}} == of_sources
            whole_type = wanted.startswith(("{'*': source_events}", "{Bounty:"))
            assert set(counting(built)) == (BOTH if whole_type else ALL)
    assert "bounty_metrics: left to source_events (seed metrics, var counted_from): Bounty.unitAmount" in said
    assert len({str(rows) for rows in ended.values()}) == len(ended)  # each also has something of BountyEntry

    green = checked(built, TABLE, PACKAGE, options=variables(wanted), command="build")
    assert green.that("fail", "error", "skipped") == set()
    # Without a run since: each quantity that is to change hands is named, and what has been published is not what is to be.
    red = checked(built, TABLE, PACKAGE, options=variables("{}"))
    assert red.that("fail") == {"counted_once", "published_bounty_metrics", "published_bounty_benefactor"}
    assert problems(built) == {"unitAmount": "counted by source_events, not by metric_tables"}
    # Given to packages that have not been run: missing, since the metric table has them.
    run(built, "{Bounty: source_events}", TABLE, PACKAGE)
    red = checked(built, TABLE, PACKAGE, options=variables("{Bounty: source_events}"))
    assert red.that("fail") == {"counted_once"}
    assert set(problems(built)) == ALL - BOTH
    assert all(said.startswith("missing: source_events has none, metric_tables has ") for said in problems(built).values())
    # Somebody else's, or a bug: counted by both.
    built.rows(f"insert into {EVENTS} values ('Bounty', 1, -1, 'unitAmount', 1, '2025-01-21 00:00:00', 3)")
    checked(built, options=variables("{Bounty: source_events}"))
    assert problems(built)["unitAmount"] == "counted by both jobs"


def test_both_jobs_on_the_real_post_metric(connected: Project) -> None:
    """It has no tips: with both jobs in one build they are named as missing, and the var gives them to the package."""
    connected.postgres("""alter table "PostMetric" drop column "tippedCount", drop column "tippedAmountCount" """)
    tips = connected.postgres("""select count(*), sum(amount) from "BuzzTip" where "entityType" = 'Post' """)[0]
    build = ["build", "--exclude-resource-type", "unit_test", "--select", *BOTH_JOBS, "--vars"]
    options = "{allow_missing_columns: true, source_events_cutoff: null"
    red = connected.dbt_here(*build, f"{options}}}", ok=False)
    assert red.that("fail", "error") == {"counted_once"}
    missing = {name: said for name, said in problems(connected).items() if name.startswith("tipped")}
    assert set(missing) == {"tippedCount", "tippedAmount"}
    assert all(said.startswith("missing: metric_tables has none, source_events has ") for said in missing.values())
    assert "tippedCount" not in counting(connected, "Post")

    # Of the others that BuzzTip shares, the metric tables were not run here.
    to_sources = "'*': source_events, Post: metric_tables, Post.tippedCount: source_events, Post.tippedAmount: source_events"
    green = connected.dbt_here(*build, f"{options}, counted_from: {{{to_sources}}}}}")
    assert green.that("fail", "error", "skipped") == set()
    assert connected.rows(
        f"select countIf(metricType = 'tippedCount'), sumIf(metricValue, metricType = 'tippedAmount') from {EVENTS}"
        " where entityType = 'Post'"
    ) == [tuple(int(number) for number in tips)]
    assert counting(connected, "Post")["Like"] == {3}
