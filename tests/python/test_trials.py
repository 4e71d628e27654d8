"""A trial's databases are its own: made with a mark, dropped only where they carry it."""

from entity_metrics import trial
from entity_metrics.target import Target
from harness import Project


def test_databases_of_somebody_else_stay(connected: Project) -> None:
    """Whatever they are called: `entity_metrics_trial` was dropped by every dry run once."""
    others = ("entity_metrics_trial", "entity_metrics_trial_dbt_test__audit")
    for name in others:
        connected.rows(f"create database {name}")
        connected.rows(f"create table {name}.theirs engine = MergeTree order by x as select 1 as x")
    ran = connected.backfill("--table", "BountyMetric", "--dry-run")
    assert "was not touched" in ran.output
    assert [connected.value(f"select count() from {name}.theirs") for name in others] == [1, 1]
    left = connected.rows("select name from system.databases where name like 'entity_metrics_trial%' order by name")
    assert left == [(name,) for name in others]


def test_two_trials_do_not_meet(embedded: Target) -> None:
    """One that ends leaves the other, and a database of its name without the mark."""
    one, other = trial.begin(embedded), trial.begin(embedded)
    assert one.database != other.database
    embedded.command(f"create table {other.database}.kept engine = MergeTree order by x as select 1 as x")
    one.drop()
    assert trial.left_behind(embedded) == sorted(other.databases)
    assert embedded.value(f"select count() from {other.database}.kept") == 1
    embedded.command(f"alter database {other.databases[1]} modify comment 'somebody else''s'")
    other.drop()
    assert embedded.rows("select name from system.databases where name like '%_trial_%'") == [(other.databases[1],)]


def test_trial_id_that_is_none(connected: Project) -> None:
    """It becomes part of a database's name: nothing but eight hexadecimal digits."""
    ran = connected.dbt("parse", "--vars", "{dry_run: true, trial_id: 'x; drop'}", ok=False)
    assert "The var trial_id is 'x; drop': give eight hexadecimal digits" in ran.output
