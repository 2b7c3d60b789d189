"""Which of two runs in one folder may write what DVC tracks: the one that was started last."""

from pathlib import Path

from potstill.core.records import replacing
from potstill.teacher.store.owners import name_owner


class LatestRun:
    """This run, which writes until another one with the same log begins.

    A run whose DVC was killed goes on asking; what it would write may be what an older prompt or teacher said, and the
    DVC that came after it would take that for its own run's.
    """

    def __init__(self, log: Path) -> None:
        """Become the latest run of this log."""
        self._file = log.with_suffix(".turn")
        self._name = name_owner()
        with replacing(self._file) as unfinished:
            unfinished.write_text(self._name, encoding="utf-8")

    def is_latest(self) -> bool:
        """Return whether no other run of this log began later."""
        try:
            return self._file.read_text(encoding="utf-8") == self._name
        except FileNotFoundError:
            return True
