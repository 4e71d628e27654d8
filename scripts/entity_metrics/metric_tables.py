"""The job `metric_tables`: one dbt build a legacy metric table, and a summary that says whether all is right."""

from typing import Any

from entity_metrics import terminal
from entity_metrics.dbt_runs import Dbt
from entity_metrics.explain import explain
from entity_metrics.jobs import job_of
from entity_metrics.progress import PullProgress
from entity_metrics.retries import with_retries
from entity_metrics.summary import UnitSummary, event_table_of, print_summary, summarize
from entity_metrics.target import open_target

JOB = "metric_tables"


def backfill(tables: list[str], target: str | None, variables: dict[str, Any], dbt_options: list[str], retries: int) -> int:
    """Run the jobs of the tables, print the summary and return the exit code. A trial's databases are dropped at the end."""
    trial = bool(variables.get("dry_run") or variables.get("range_limit"))
    console = terminal.console()
    progress = PullProgress(console, target)
    dbt = Dbt(target, variables, progress.message)
    seeded = with_retries(console, retries, lambda: dbt.run("seed"))
    if seeded.failure:
        terminal.fail(seeded.failure.sentence)
    try:
        watched = open_target(target)
    except Exception as ex:
        terminal.fail(explain(str(ex)).sentence)
    database = watched.database + ("_trial" if trial else "")
    summaries: list[UnitSummary] = []
    try:
        with progress.live():
            for table in tables:
                job = job_of(table)
                command = ["build", "--select", job, "--exclude-resource-type", "unit_test", *dbt_options]
                with progress.pulls(database, {table: f"stg_{job}"}):
                    outcome = with_retries(console, retries, lambda command=command: dbt.run(*command))
                summaries.append(summarize(watched, database, table, job, f"stg_{job}", outcome))
                progress.finish(table, summaries[-1].source_rows, summaries[-1].verdict)
        print_summary(console, summaries, "tables", event_table_of(watched), trial)
    finally:
        if trial:
            watched.drop_trial()
        watched.close()
    return 0 if all(summary.succeeded for summary in summaries) else 1
