"""The verb `doctor`: check everything that can be checked before a run, one line each.

--output json prints {"command": "doctor", "target": name, "sources": [names], "errors": n, "warnings": n, "findings":
[{"subject", "level", "check", "thing", "remedy"}]}; subject is the target or a source, level is ok, warning or error, and
remedy is '' where the level is ok.
"""

import sys
from collections.abc import Iterator

import click

from entity_metrics.doctor import source_settings, source_tables, source_values, target_checks
from entity_metrics.doctor.findings import ERROR, OK, WARNING, Check, Finding
from entity_metrics.doctor.source_view import CannotAskError, SourceView
from entity_metrics.errors import Verb, keep_traceback
from entity_metrics.explain import explain
from entity_metrics.source import PREFIXES
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import JSON, console, output_option, print_json, say

STYLES = {OK: "", WARNING: "yellow", ERROR: "red"}


@click.command("doctor", cls=Verb)
@click.option("--target", "target_name", help="Output of profiles.yml to check; its default if not given.")
@click.option(
    "--source",
    "sources",
    type=click.Choice(list(PREFIXES)),
    multiple=True,
    help="Source to check; may be given several times.  [default: those that are connected, the site's in any case]",
)
@output_option
def command(target_name: str | None, sources: tuple[str, ...], output: str) -> None:
    """Check the target, its sources and what runs left there. Reads only.

    Each line is ok, a warning (a run may stumble) or an error (a run stops, or would be wrong), with the remedy.

    Exit code 0: no error; 1: an error, or the target cannot be reached; 2: wrong usage.
    """
    where = console()
    with opened_target(target_name) as target:
        chosen = list(sources) or connected_sources(target)
        found = []
        for subject, finding in examine(target, chosen):
            found.append((subject, finding))
            if output != JSON:
                say(where, line(subject, finding), STYLES[finding.level])
    errors, warnings = (sum(finding.level == level for _, finding in found) for level in (ERROR, WARNING))
    if output == JSON:
        listed = [{"subject": subject, **vars(finding)} for subject, finding in found]
        summary = {"target": target.name, "sources": chosen, "errors": errors, "warnings": warnings}
        print_json({"command": "doctor", **summary, "findings": listed})
    else:
        say(where, f"{len(found)} checked: {errors} errors, {warnings} warnings.")
    sys.exit(1 if errors else 0)


def line(subject: str, finding: Finding) -> str:
    remedy = f": {finding.remedy}" if finding.remedy else ""
    return f"{finding.level:<7}  {subject:<16}  {finding.check}: {finding.thing}{remedy}"


def connected_sources(target: Target) -> list[str]:
    """The site's Postgres, and every other source whose database is on the target."""
    there = {name for (name,) in target.rows("select name from system.databases where engine = 'PostgreSQL'")}
    return [source for source in PREFIXES if source == "postgres" or SourceView(target, source).database in there]


def examine(target: Target, sources: list[str]) -> Iterator[tuple[str, Finding]]:
    """All checks: those of a source only as far as it answers."""
    for check in target_checks.CHECKS:
        yield from ((target.name, finding) for finding in _look(check, target, ""))
    for source in sources:
        view = SourceView(target, source)
        for check in (*source_settings.CHECKS, *source_tables.CHECKS, *source_values.CHECKS):
            findings = _look(check, view, view.prefix)
            yield from ((source, finding) for finding in findings)
            if check is source_settings.CHECKS[0] and any(finding.level == ERROR for finding in findings):
                break


def _look(check: Check, seen: Target | SourceView, prefix: str) -> list[Finding]:
    """What the check says; a check that cannot be made says so, and the others go on."""
    try:
        return check(seen)
    except CannotAskError:
        return [Finding(WARNING, check.name, "not checked", "ClickHouse runs whole queries in Postgres from 26.9 on.")]
    except Exception as ex:
        keep_traceback(ex)
        return [Finding(ERROR, check.name, "this could not be checked", explain(ex, prefix).sentence)]
