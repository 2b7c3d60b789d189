"""How far a run is: a bar on a terminal, a line every ten seconds elsewhere."""

import sys
from time import monotonic
from typing import Any

import click
from tqdm import tqdm

from potstill.core.records import Usage
from potstill.core.wording import format_usd
from potstill.teacher.counts import RequestCounts

LINE_S = 10
WAITING = 6  # times as long where all is elsewhere, which may take a day


class Progress:
    """Counts answers and failures as they come, and shows them; `waiting_for` is what the run has no part in."""

    def __init__(self, name: str, counts: RequestCounts, line_s: float = LINE_S) -> None:
        """Begin with what is to be asked and what was found, and show the empty bar."""
        self.answered = self.failed = 0
        self.waiting_for = ""
        self._name = name
        self._total, self._found = counts.missing, counts.distinct - counts.missing
        self._tokens = 0
        self.cost_usd: float | None = None
        self._lost_at: float | None = None
        self._line_s = line_s
        self._started = self._last_line_at = monotonic()
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=self._total, desc=name, unit="row", dynamic_ncols=True)

    def add_answer(self, usage: Usage | None, cost_usd: float | None) -> None:
        """Count an answer; `cost_usd` is what the run has cost so far, None where that is not known."""
        self.answered += 1
        self._tokens += usage.prompt_tokens + usage.completion_tokens if usage else 0
        self._update(cost_usd)

    def add_failure(self, cost_usd: float | None) -> None:
        """Count a request that failed for good."""
        self.failed += 1
        self._update(cost_usd)

    def _update(self, cost_usd: float | None) -> None:
        """Move the bar by a request."""
        self.cost_usd = cost_usd
        if self._bar is not None:  # which draws itself no more than ten times a second
            self._bar.set_postfix_str(self._describe_counts(), refresh=False)
            self._bar.update()

    def show(self, lost_at: float | None) -> None:
        """Show how far the run is, and since when (monotonic) there is no connection, None where there is one.

        Off a terminal that is a line every `line_s` seconds, and one when the connection is lost or back.
        """
        changed = (lost_at is None) != (self._lost_at is None)
        self._lost_at = lost_at
        pause_s = self._line_s * (WAITING if self.waiting_for else 1)
        if self._bar is not None:
            self._bar.set_postfix_str(self._describe_outage() or self.waiting_for or self._describe_counts())
        elif changed or monotonic() >= self._last_line_at + pause_s:
            self._last_line_at = monotonic()
            click.echo(self.describe(), err=True)

    def describe(self) -> str:
        """Return in one line how far the run is, how fast, and when it will be done."""
        done = self.answered + self.failed
        rate = done / max(monotonic() - self._started, 1e-9)
        speed = f"{rate:.1f} rows/s, {(self._total - done) / rate:.0f} s left" if rate else "no answer yet"
        rows = f"{self._name}: {done:,} of {self._total:,} rows"
        if self.waiting_for:
            return f"{self._name}: {self._describe_outage() or self.waiting_for}; {done:,} of {self._total:,} rows kept"
        return f"{rows}, {self._describe_outage() or speed}; {self._describe_counts()}"

    def _describe_outage(self) -> str:
        """Return since when there is no connection, nothing where there is one."""
        lost_at = self._lost_at
        return "" if lost_at is None else f"no connection since {monotonic() - lost_at:.0f} s, trying again"

    def _describe_counts(self) -> str:
        """Return what came, and what it took."""
        cost = "" if self.cost_usd is None else f", {format_usd(self.cost_usd)} USD"
        return f"{self.answered:,} asked, {self._found:,} found, {self.failed:,} failed, {self._tokens:,} tokens{cost}"

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
