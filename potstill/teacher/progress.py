"""How a run tells how far it is: a bar on a terminal, a line every ten seconds elsewhere."""

import asyncio
import sys
import time
from collections import Counter
from typing import Any

import click
from tqdm import tqdm

OFF_TERMINAL_INTERVAL_S = 10


class Progress:
    """Counts what came, and shows it."""

    def __init__(self, name: str, total: int, found: int) -> None:
        """Start with so many requests to ask and so many answers that were there."""
        self.counts = Counter({"asked": 0, "failed": 0, "tokens": 0})
        self._found = found
        self._name = name
        self._total = total
        self._started = time.monotonic()
        self._cost_usd: float | None = None
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=name, unit="row", dynamic_ncols=True)

    def add(self, *, failed: bool, tokens: int, cost_usd: float | None) -> None:
        """Count one outcome, and move the bar."""
        self.counts["failed" if failed else "asked"] += 1
        self.counts["tokens"] += tokens
        self._cost_usd = cost_usd
        if self._bar is not None:
            self._bar.set_postfix_str(self._describe_counts(), refresh=False)
            self._bar.update()

    async def report_often(self, interval_s: float = OFF_TERMINAL_INTERVAL_S) -> None:
        """Print a line now and then, also while nothing comes; on a terminal the bar is enough."""
        while self._bar is None:
            await asyncio.sleep(interval_s)
            click.echo(self.tell(), err=True)

    def tell(self) -> str:
        """Say in one line how far the run is, how fast, and when it will be done."""
        done = self.counts["asked"] + self.counts["failed"]
        rate = done / max(time.monotonic() - self._started, 1e-9)
        speed = f"{rate:.1f} rows/s, {(self._total - done) / rate:.0f} s left" if rate else "nothing came yet"
        return f"{self._name}: {done:,} of {self._total:,} rows, {speed}; {self._describe_counts()}"

    def _describe_counts(self) -> str:
        """Say what came, and what it took."""
        cost = "" if self._cost_usd is None else f", {self._cost_usd:.4f} USD"
        asked, failed, tokens = (self.counts[name] for name in ("asked", "failed", "tokens"))
        return f"{asked:,} asked, {self._found:,} found, {failed:,} failed, {tokens:,} tokens{cost}"

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
