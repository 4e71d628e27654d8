"""What a person sees while a table is pulled."""

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from entity_metrics.target import Target, open_target
from entity_metrics.terminal import say

POLL_SECONDS = 0.2

_DONE = """
    select sum(ledger.expected_rows), sum(ledger.pulled_rows)
    from (
        select range_number, max(expected_rows) as expected_rows, max(pulled_rows) as pulled_rows
        from {database}.pull_ledger
        where pull_id in (
            select toString(uuid) from system.tables where database = '{database}' and name = '{relation}__pull'
        )
        group by range_number
    ) as ledger
"""

_RUNNING = """
    select sum(read_rows) from system.processes
    where query_kind = 'Insert' and position(query, '{relation}__pull') > 0
"""


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} rows/s", style="progress.data.speed")


class PullProgress:
    """A live bar for each table; where the console is no terminal, lines that dbt's own log would show."""

    def __init__(self, console: Console, target_name: str | None) -> None:
        self._console = console
        self._target_name = target_name
        self._bars = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            TextColumn("{task.completed:>12,.0f} rows"),
            _Speed(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
        )

    def message(self, line: str) -> None:
        """A line from dbt: shown at once without a terminal, where the bars say the rest."""
        if not self._console.is_terminal or "trial" in line:
            say(self._console, line)

    def notice(self, line: str) -> None:
        """A line that is shown beside the bars, too."""
        say(self._console, line)

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show the bars while the block runs."""
        with self._bars if self._console.is_terminal else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def pulls(self, database: str, relations: dict[str, str]) -> Iterator[None]:
        """Follow the pulls into `relations` of `database` while the block runs; their keys are the names of the bars."""
        if not self._console.is_terminal:
            yield
            return
        bars = {self._bars.add_task(name, total=None, state=""): relation for name, relation in relations.items()}
        stop = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(bars, database, stop), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def finish(self, name: str, rows: int, state: str) -> None:
        """Set the bar of a table to its end."""
        for task in self._bars.tasks:
            if task.description == name:
                self._bars.update(task.id, completed=rows, total=max(rows, 1), state=state)

    def _watch(self, bars: dict[TaskID, str], database: str, stop: threading.Event) -> None:
        """Read the ledger and the running statement by a client of its own. Best effort: it must never stop the pull."""
        with contextlib.suppress(Exception):
            target = open_target(self._target_name)
            try:
                while not stop.wait(POLL_SECONDS):
                    for bar, relation in bars.items():
                        with contextlib.suppress(Exception):
                            self._poll(bar, target, database, relation)
            finally:
                target.close()

    def _poll(self, bar: TaskID, target: Target, database: str, relation: str) -> None:
        names = {"database": database, "relation": relation}
        expected, pulled = target.rows(_DONE.format(**names))[0]
        running = target.value(_RUNNING.format(**names))
        if expected:
            done = int(pulled or 0) + int(running or 0)
            self._bars.update(bar, total=max(int(expected), done), completed=done, state="pulling")
