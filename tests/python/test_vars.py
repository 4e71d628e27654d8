"""Malformed vars: a sentence that names the var and what to give, before anything is done."""

import json
import re
from typing import Any

from dbt.cli.main import dbtRunner

from entity_metrics.project import _vars
from harness import Project
from parsed import FOR_PARSING

BUILT = "bounty_metrics"
PUBLISH = ["run", "--select", "path:models/bounty_metrics/bounty_metrics.sql"]

SENTENCES = {
    "{backfill_date: '2025-02-30'}": "The var backfill_date is '2025-02-30': give a date",
    "{backfill_date: soon}": "The var backfill_date is 'soon': give a date",
    "{source_events_cutoff: yesterday}": "The var source_events_cutoff is 'yesterday': give a UTC time",
    "{source_events_cutoff: '2024-02-30'}": "The var source_events_cutoff is '2024-02-30': give a UTC time",
    "{source_events_cutoff: '2024-08-07 15:44:60'}": "The var source_events_cutoff is '2024-08-07 15:44:60': give a",
    "{source_events_cutoff: ''}": "The var source_events_cutoff is '': give a UTC time",
    "{engagement_date: '2024-02-30'}": "The var engagement_date is '2024-02-30': give a date",
    "{engagement_days: month}": "The var engagement_days is 'month': give a whole number from 0.",
    "{unknown_time: never}": "The var unknown_time is 'never': give a UTC time",
    "{allow_missing_columns: 'false'}": "The var allow_missing_columns is 'false': give true or false",
    "{dry_run: 'false'}": "The var dry_run is 'false': give true or false",
    "{range_size: many}": "The var range_size is 'many': give a whole number from 1.",
    "{delete_timeout: 0}": "The var delete_timeout is '0': give a whole number from 1.",
    "{max_removed_share: 2}": "The var max_removed_share is '2': give a share from 0 to 1.",
    "{audit_share: some}": "The var audit_share is 'some': give a share from 0 to 1.",
    "{min_coverage: most}": "The var min_coverage is 'most': give a share from 0 to 1.",
    "{event_table: 'a; drop table b'}": "The var event_table is 'a; drop table b': give a name of letters",
    "{orchestration_database: jobs-2}": "The var orchestration_database is 'jobs-2': give a name of letters",
    "{counted_from: source_events}": "The var counted_from is 'source_events': give a mapping",
    "{counted_from: {Bounty: both}}": "The var counted_from has 'both' for Bounty: give metric_tables or source_events.",
    "{counted_from: {Post.a.b: source_events}}": "The var counted_from has 'Post.a.b': give '*', an entity type",
    "{counted_from: {bounty: source_events}}": "The var counted_from has bounty, of which the two jobs have nothing in common",
    "{counted_from: {Tag.modelCount: source_events}}": "has Tag.modelCount, of which the two jobs have nothing in common",
}


def test_malformed_vars(built: Project) -> None:
    for variables, sentence in SENTENCES.items():
        done = built.dbt_here(*PUBLISH, "--vars", variables, ok=False)
        assert sentence in done.output, variables


FOR_THE_SQL = {
    "backfill_date": "2025-03-31",
    "event_table": "events",
    "counted_from": {"*": "source_events", "Bounty.trackCount": "metric_tables"},
    "source_events_cutoff": None,
    "unknown_time": "2020-01-01",
    "include_zero_values": True,
    "allow_missing_columns": True,
    "max_removed_share": 0.5,
    "min_coverage": 0.5,
    "audit_share": 0.5,
    "cache_ttl": 60,
    "delete_timeout": 2,
    "live_versions": [2],
    "repair_margin": 2,
    "max_corrections": 2,
    "follow_rows": 2,
    "engagement_days": 2,
    "engagement_date": "2024-02-29",
    "range_size": 20,
    "pull_streams": 1,
    "lease_seconds": 2,
}
"""Other values than the defaults."""


def test_vars_that_parsing_does_not_depend_on(prepared) -> None:
    """What was parsed without them is what would be parsed with them: the tests take it for that."""
    assert set(FOR_THE_SQL) == {name for name in _vars() if not re.search(FOR_PARSING, name)}

    def parsed(manifest: Any) -> dict[str, dict[str, Any]]:
        found = (manifest.nodes, manifest.sources, manifest.unit_tests, manifest.macros)
        described = {name: part.to_dict() for parts in found for name, part in parts.items()}
        of_the_copy = {"created_at", "root_path"}
        return {name: {key: told[key] for key in told.keys() - of_the_copy} for name, told in described.items()}

    project = prepared("source_events", None)
    project.manifest()  # has dbt begin with what is kept
    with project.inside():
        kept = dbtRunner().invoke(["parse", "--quiet"])
        anew = dbtRunner().invoke(["parse", "--quiet", "--no-partial-parse", "--vars", json.dumps(FOR_THE_SQL)])
    assert parsed(anew.result) == parsed(kept.result)
