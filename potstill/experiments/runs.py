"""Running variants as DVC experiments, several at once, each in a copy of the project and processes of its own."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from dvc.exceptions import DvcException

from potstill.core.environment import BUDGET_SHARE
from potstill.core.errors import InputError, StoppedError
from potstill.experiments.combinations import Combination
from potstill.experiments.copies import Workspace, copy_project, fetch_experiment, find_cache, keep_runs
from potstill.experiments.lines import VariantLines, read_state
from potstill.sharing.processes import find_complaint
from potstill.sharing.storage_errors import first_line

LONGEST_LINE = 2**20
LAST_LINES = 200


@dataclass
class VariantRuns:
    """The variants that are running, those that are done (what their metrics file says), and those that failed, why."""

    workspace: Workspace
    shares: Mapping[str, float | None]
    metrics: Path
    lines: VariantLines
    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    _processes: set[asyncio.subprocess.Process] = field(default_factory=set)
    _stopped: bool = False

    async def run(self, variants: Sequence[Combination], jobs: int) -> None:
        """Run all variants, so many at once; raise StoppedError if the user stops them, when they have ended."""
        self._stop_on_signals()
        free = asyncio.Semaphore(jobs)
        self.workspace.runs.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="variants-", dir=self.workspace.runs, ignore_cleanup_errors=True) as folder:
            try:
                async with asyncio.TaskGroup() as group:
                    for variant in variants:
                        group.create_task(self._run_in_turn(variant, Path(folder, variant.name), free))
            finally:
                self._signal_all(signal.SIGKILL)  # of which none is left, but where this process itself failed
        if self._stopped:
            raise StoppedError

    async def _run_in_turn(self, variant: Combination, folder: Path, free: asyncio.Semaphore) -> None:
        """Run a variant when its turn comes, and keep its metrics, or why it failed."""
        async with free:
            if self._stopped:
                return
            try:
                self.lines.show(variant.name, "begins")
                project = copy_project(self.workspace, folder)
                try:
                    await self._run_experiment(variant, project)
                finally:
                    with suppress(OSError):  # who cannot write them there loses no more than a rerun
                        keep_runs(find_cache(project), self.workspace.cache)
                fetch_experiment(self.workspace, folder, variant.name)
                self.done[variant.name] = (project / self.metrics).read_text(encoding="utf-8")
                self.lines.show(variant.name, "done")
            except (InputError, DvcException, OSError) as error:
                if not self._stopped:
                    self.failed[variant.name] = first_line(error)
                self.lines.show(variant.name, "stopped" if self._stopped else "failed")

    async def _run_experiment(self, variant: Combination, project: Path) -> None:
        """Run `dvc exp run` in a variant's copy, and show what it says; raise InputError with what it complained of."""
        # in quotes, since a name such as 1 or true would be taken for a number or a truth
        choices = (f"prompt='{variant.prompt}'", f"teacher='{variant.teacher}'")
        settings = [f"--set-param={choice}" for choice in choices]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dvc", "exp", "run", f"--name={variant.name}", *settings),
            cwd=project,
            env=self._environment(variant),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,  # so that a signal reaches it once: from here
        )
        self._processes.add(process)
        if self._stopped:  # while the process was made
            os.killpg(process.pid, signal.SIGINT)
        last = await self._show_output(variant.name, process)
        code = await process.wait()
        self._processes.discard(process)
        if code:
            raise InputError(find_complaint("\n".join(last).encode(), code))

    def _environment(self, variant: Combination) -> dict[str, str]:
        """Return what a variant's processes find: the Python of this one, and what they may spend."""
        share = self.shares[variant.name]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        limit = {} if share is None else {BUDGET_SHARE: repr(share)}
        return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **limit}

    async def _show_output(self, name: str, process: asyncio.subprocess.Process) -> list[str]:
        """Show a variant's state as its output says it, and return the last lines of that."""
        last: list[str] = []
        if process.stdout:
            async for bytes_of_line in process.stdout:
                for line in re.split("[\r\n]+", bytes_of_line.decode(errors="replace").strip()):
                    last = [*last[-LAST_LINES:], line]
                    state = read_state(line)
                    if state:
                        self.lines.show(name, state)
        return last

    def _stop_on_signals(self) -> None:
        """Let Ctrl-C and SIGTERM end the runs as they end a run alone: after the calls in flight; a second one now."""
        loop, signals = asyncio.get_running_loop(), count(1)

        def stop() -> None:
            self._stopped = True
            self._signal_all(signal.SIGINT if next(signals) == 1 else signal.SIGTERM)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)

    def _signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of the variants that run."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
