"""The verb `cache`: fill the cache, tell it of refreshes, compare it with the totals, empty it.

--output json prints of `check` {"command": "cache check", "read_at", "compared", "differing", "is_right", "problems": [{"what",
"keys", "examples"}]}.
"""

import sys
import time

import click

from entity_metrics.commands.follow import parse_seconds
from entity_metrics.errors import Verb
from entity_metrics.explain import explain
from entity_metrics.serving.bulk import BulkFill
from entity_metrics.serving.check import Check, Checked
from entity_metrics.serving.connections import clickhouse, required_cache, unreachable
from entity_metrics.serving.counters import Counters
from entity_metrics.serving.endpoint import metrics_options, serve_counters
from entity_metrics.serving.keys import entity_types, known_type
from entity_metrics.serving.refresh import tell_cache
from entity_metrics.serving.store import Cache, Unavailable
from entity_metrics.target import Target, opened_target
from entity_metrics.terminal import JSON, console, output_option, print_json, say

target_option = click.option("--target", "target_name", help="Output of profiles.yml; its default if not given.")


class CacheVerb(Verb):
    """A verb whose cache may go away at any moment."""

    def work(self, context: click.Context) -> object:
        try:
            return super().work(context)
        except Unavailable as ex:
            raise unreachable(ex) from None


@click.group("cache")
def command() -> None:
    """The cache of totals: Valkey or Redis, as ENTITY_METRICS_CACHE_URL names it; else the sample site's, if it runs."""


@command.command(cls=CacheVerb)
@click.option("--entity-type", "types", multiple=True, help="Such as Model; may be given several times.  [default: all]")
@click.option("--every", metavar="TIME", callback=parse_seconds, help="Go on for ever, a look every TIME, such as 60s or 5m.")
@click.option("--check", "compares", is_flag=True, help="Compare every cached key with the totals after each look.")
@metrics_options
@target_option
def warm(
    types: tuple[str, ...],
    every: int | None,
    compares: bool,
    metrics_port: int | None,
    metrics_host: str,
    target_name: str | None,
) -> None:
    """Fill the cache with the totals of all entities, in bulk.

    First it is told what refreshes of the totals have counted anew. With --every, later looks fill in only that: they go with
    `dbt build --select totals` at the same pace.

    Exit code 0: it is filled; 1: it could not be, or with --check something is wrong; 2: wrong usage.
    """
    for name in types:
        known_type(name)
    serve_counters(metrics_port, metrics_host, every)
    cache, types, is_filled = required_cache(), types or tuple(sorted(entity_types())), False
    while True:
        began = time.monotonic()
        try:
            is_right = look(cache, types, is_filled, compares, target_name)
            is_filled = True
        except Exception as ex:
            if every is None:
                raise
            Counters.of_process().failures.labels("look").inc()
            said = unreachable(ex) if isinstance(ex, Unavailable) else explain(ex)
            say(console(stderr=True), said.sentence, style="red")
        if every is None:
            sys.exit(0 if is_right else 1)
        time.sleep(max(0.0, every - (time.monotonic() - began)))


def look(cache: Cache, types: tuple[str, ...], is_filled: bool, compares: bool, target_name: str | None) -> bool:
    """Tell the cache what changed, and fill in that; all, if it was not filled before. Returns False if it was found wrong."""
    counters = Counters.of_process()
    with opened_target(target_name) as target:
        began = time.monotonic()
        taken, since = tell_cache(clickhouse(target), target.database, cache)
        counters.invalidated.inc(taken)
        fill = BulkFill(clickhouse(target), target.database, cache)
        kept = left = 0
        for entity_type in types:
            filled = fill.fill(entity_type, since if is_filled else None)
            counters.filled.labels(entity_type).inc(filled.kept)
            kept, left = kept + filled.kept, left + filled.left
        seconds = time.monotonic() - began
        more = f", {left:,} left to lookups since they were written to meanwhile" if left else ""
        say(console(), f"Filled {kept:,} hashes in {seconds:.1f} s{more}; {taken:,} keys had changed since the last time.")
        if not compares:
            return True
        checked = compare(target, cache)
    print_checked(checked)
    return checked.is_right


@command.command(cls=CacheVerb)
@target_option
def refresh(target_name: str | None) -> None:
    """Take out of the cache what refreshes of the totals have counted anew since the last time: run it after them.

    The first time, and after a full refresh, everything is taken out.
    """
    cache = required_cache()
    with opened_target(target_name) as target:
        taken, since = tell_cache(clickhouse(target), target.database, cache)
    Counters.of_process().invalidated.inc(taken)
    say(console(), f"Took {taken:,} keys out of the cache, counted anew since {since or 'nobody knows when'}.")


@command.command(cls=CacheVerb)
@target_option
@output_option
def check(target_name: str | None, output: str) -> None:
    """Compare every cached key with the totals. What differs is looked at again, since a write may be on its way.

    Exit code 0: all are equal; 1: some differ, or nothing is cached, or the cache cannot be reached; 2: wrong usage.
    """
    cache = required_cache()
    with opened_target(target_name) as target:
        checked = compare(target, cache)
    if output == JSON:
        print_json({"command": "cache check", "is_right": checked.is_right, **checked.document()})
    else:
        print_checked(checked)
    sys.exit(0 if checked.is_right else 1)


def compare(target: Target, cache: Cache) -> Checked:
    """The comparison, which the counters know."""
    checked = Check(clickhouse(target), target.database, cache).run()
    Counters.of_process().drift.set(checked.differing)
    return checked


def print_checked(checked: Checked) -> None:
    where = console()
    for problem in checked.problems:
        say(where, f"{problem.keys:,} keys {problem.what}, such as:", style="red")
        for example in problem.examples:
            say(where, "    " + " ".join(str(example[name]) for name in example))
    if checked.compared:
        differing = f"{checked.differing:,} differ from the totals"
        say(where, f"Compared {checked.compared:,} keys, read at {checked.read_at} UTC: {differing}.")
    else:
        say(where, "Nothing is cached, so nothing was compared: fill the cache by `entity-metrics cache warm`.", style="red")


@command.command(cls=CacheVerb)
def clear() -> None:
    """Remove all that this project has cached, and no key of others. What is known of writes in progress expires by itself."""
    removed = required_cache().clear()
    say(console(), f"Removed {removed:,} keys.")
