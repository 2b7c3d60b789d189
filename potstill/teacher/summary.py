"""What one run did, in numbers: those of logs/infer.json, of the line at its end, and of its warnings."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from potstill.teacher.counts import RequestCounts
from potstill.teacher.plan import Plan
from potstill.teacher.store.chunks import chunked
from potstill.teacher.store.ledger import record_uses
from potstill.teacher.store.projects import project_id

USES_BATCH = 1000
STATUSES = ("answered", "truncated", "filtered", "failed")


@dataclass
class RunSummary:
    """What a run was to ask, and asked; its rows by status, and the models and endpoints of their answers."""

    counts: RequestCounts
    asked: int = 0
    retries: int = 0
    endpoint_host: str | None = None
    statuses: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    endpoint_hosts: set[str] = field(default_factory=set)

    def add_rows(self, plan: Plan) -> None:
        """Count the rows that have an answer or failed, and note the answers as used by this folder's project.

        A project publishes what it used, also what a run used that was interrupted.
        """
        project = project_id(Path.cwd())
        for answers in chunked(plan.origins(), USES_BATCH):
            record_uses(plan.journal, project, [(answer.key, answer.max_tokens) for answer in answers])
            self.statuses.update(answer.status for answer in answers)
            self.models.update(answer.model for answer in answers if answer.model)
            self.endpoint_hosts.update(answer.endpoint_host for answer in answers)
        self.statuses["failed"], _ = plan.failures()

    def to_log(self, seconds: float) -> dict[str, object]:
        """Return what logs/infer.json holds; `seconds` is the time of asking and writing."""
        return {
            "requests": self.counts.requests,
            "distinct": self.counts.distinct,
            "from_journal": self.counts.from_journal,
            "from_ledger": self.counts.from_ledger,
            "asked": self.asked,
            "retries": self.retries,
            "endpoint_host": self.endpoint_host,
            **{status: self.statuses[status] for status in STATUSES},
            "models_served": sorted(self.models),
            "seconds": round(seconds, 3),
            "requests_per_second": round(self.asked / seconds, 3),
        }

    def describe(self) -> str:
        """Return the line that ends a run: each distinct request was asked or found, each row has a status."""
        counts = self.counts
        distinct = "" if counts.distinct == counts.requests else f", {counts.distinct:,} distinct"
        statuses = ", ".join(f"{self.statuses[status]:,} {status}" for status in STATUSES)
        return (
            f"{counts.requests:,} requests{distinct}: {self.asked:,} asked, {counts.from_journal:,} found in the "
            f"journal, {counts.from_ledger:,} in the ledger; {statuses}"
        )

    def describe_mixtures(self, endpoints: int) -> Iterator[str]:
        """Yield a warning where the answers are of more than one model, or of more endpoints than the teacher has."""
        for kind, names, most in (("models", self.models, 1), ("endpoints", self.endpoint_hosts, endpoints)):
            if len(names) > most:
                yield f"the answers come from {len(names)} {kind}: {', '.join(sorted(names))}"
