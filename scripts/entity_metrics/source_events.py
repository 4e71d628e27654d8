"""The job `source_events`: one dbt build for all packages wanted, and a summary for each of them."""

from typing import Any

from dbt.contracts.graph.manifest import Manifest

from entity_metrics import PROJECT, terminal
from entity_metrics.dbt_runs import Dbt, Outcome
from entity_metrics.explain import explain
from entity_metrics.progress import PullProgress
from entity_metrics.retries import with_retries
from entity_metrics.summary import event_table_of, print_summary, summarize
from entity_metrics.target import open_target

JOB = "source_events"

PACKAGES = tuple(sorted(path.stem for path in (PROJECT / "models" / JOB).glob("*.sql")))
"""The event models, each named after the source that it turns into events."""


def backfill(packages: list[str], target: str | None, variables: dict[str, Any], dbt_options: list[str], retries: int) -> int:
    """Build the packages, print the summary and return the exit code. A trial's databases are dropped at the end.

    A table that several packages read is pulled once. After a transient failure only what is left is built, or tested, again.
    """
    trial = bool(variables.get("dry_run") or variables.get("range_limit"))
    console = terminal.console()
    progress = PullProgress(console, target)
    dbt = Dbt(target, variables, progress.message)
    seeded = with_retries(console, retries, lambda: dbt.run("seed"))
    if seeded.failure:
        terminal.fail(seeded.failure.sentence)
    try:
        stagings = stagings_of(dbt.manifest, packages)
        sources = {package: own_source_of(dbt.manifest, package) or stagings[package][0] for package in packages}
        watched = open_target(target)
    except Exception as ex:
        terminal.fail(explain(str(ex)).sentence)
    database = watched.database + ("_trial" if trial else "")
    done = Outcome()

    def build_the_rest() -> Outcome:
        names = [*dict.fromkeys(name for package in packages for name in stagings[package]), *packages]
        names = [name for name in names if name not in done.finished]
        outcome = dbt.run("build", "--select", *names, "--exclude-resource-type", "unit_test", *dbt_options)
        done.add(outcome)
        return outcome

    try:
        pulled = {staging: staging for package in packages for staging in stagings[package]}
        with progress.live(), progress.pulls(database, pulled):
            with_retries(console, retries, build_the_rest)
        summaries = [
            summarize(watched, database, package, package, sources[package], done.only(package, stagings[package]))
            for package in packages
        ]
        print_summary(console, summaries, "packages", event_table_of(watched), trial)
    finally:
        if trial:
            watched.drop_trial()
        watched.close()
    return 0 if all(summary.succeeded for summary in summaries) else 1


def stagings_of(manifest: Manifest, packages: list[str]) -> dict[str, list[str]]:
    """The staging models that each package reads, the one of its own source first."""
    stagings: dict[str, list[str]] = {}
    for node in manifest.nodes.values():
        if node.name in packages and node.resource_type == "model":
            parents = [unique_id.split(".")[-1] for unique_id in node.depends_on.nodes]
            read = [name for name in parents if name.startswith("stg_")]
            stagings[node.name] = sorted(read, key=lambda name, own=f"stg_{node.name}": name != own)
    return stagings


def own_source_of(manifest: Manifest, package: str) -> str | None:
    """The table in ClickHouse that the package reads as it is, with its database; None for a package of a staged table."""
    node = next(node for node in manifest.nodes.values() if node.name == package and node.resource_type == "model")
    read = [manifest.sources[unique_id].relation_name for unique_id in node.depends_on.nodes if unique_id in manifest.sources]
    return read[0] if read else None
