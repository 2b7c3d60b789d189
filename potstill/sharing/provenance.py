"""Where the files of a commit's export came from, and who changed what since: traced, and described in lines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_names
from potstill.sharing.history import (
    Output,
    find_output,
    list_history_outputs,
    list_revision_outputs,
    select_outputs,
)
from potstill.sharing.lineage import Answers, Change, Lineage, find_answers, find_source, list_changes, map_segments
from potstill.sharing.objects import Cache, download_outputs
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project


@dataclass(frozen=True)
class Provenance:
    """An export (its files' md5 by name) with what it was made from, and the changes after its commit."""

    lineage: Lineage
    export: Output
    files: dict[str, str]
    answers: Answers
    source: dict[str, Any]
    changes: list[Change]


def trace(revision: str, raw: Path, responses: Path, ledger: Path, export: Path) -> Provenance:
    """Trace a commit's export, fetching what is not here; raise InputError if something cannot be had."""
    lineage = Lineage(revision)
    outputs = list_revision_outputs(lineage.commit.id)
    exported, answered, sampled = (find_output(outputs, path, lineage.commit) for path in (export, responses, raw))
    ledgers = select_outputs(outputs, ledger)
    with open_project() as repo:
        cache = Cache(repo)
        needed = [exported, answered, sampled, *ledgers]
        if cache.find_incomplete(needed) and (remote := find_remote(repo)):
            download_outputs(cache, remote, needed)
        missing = sorted(output.path for output in cache.find_incomplete(needed))
        if missing:
            raise InputError(
                f"{format_names(missing)}: neither here nor in the remote; whoever has it runs `make push ALL=1`"
            )
        answers = find_answers(cache, answered, map_segments(cache, ledgers))
        files, source = cache.list_folder(exported.md5), find_source(cache, sampled)
    return Provenance(lineage, exported, files, answers, source, list(list_changes(lineage.commit)))


def describe_provenance(provenance: Provenance) -> list[str]:
    """Return it in lines."""
    lineage, export, answers, source = provenance.lineage, provenance.export, provenance.answers, provenance.source
    chosen = lineage.find_chosen()
    segments = ", ".join(f"{name} ({count:,})" for name, count in answers.segments.items()) or "none"
    models = ", ".join(sorted(answers.models)) or "nothing"
    dataset = chosen["dataset"] | {"revision": source.get("revision")}
    maker = list_history_outputs(lineage.commit.id).get(export, lineage.commit)  # perhaps an earlier one
    return [
        *(f"{export.path}/{name}  md5 {md5}" for name, md5 in provenance.files.items()),
        f"commit    {lineage.commit.describe()}",
        *([f"made by   {maker.describe()}"] if maker != lineage.commit else []),
        f"data set  {describe_entry(dataset)}; {describe_sample(source)}",
        f"prompt    {describe_entry(chosen['prompt'])}",
        f"teacher   {describe_entry(chosen['teacher'])}; served as {models}",
        f"answers   {answers.total:,}; in the ledger's segments: {segments}; in none: {answers.elsewhere:,}",
        *(f"not run   this commit differs from what was run: {phrase}" for phrase in lineage.list_stale()),
        *(f"since     {change}" for change in provenance.changes),
    ]


def describe_entry(entry: dict[str, Any]) -> str:
    """Return an entry of params.yaml on one line."""
    values = {key: " ".join(str(value).split()) for key, value in entry.items() if key != "name" and value is not None}
    return f"{entry['name']}: {', '.join(f'{key} {value}' for key, value in values.items())}"


def describe_sample(source: dict[str, Any]) -> str:
    """Return how many questions were taken of each split, in words."""
    counts = (f"{counted['questions']:,} of {split}" for split, counted in source.get("splits", {}).items())
    return f"questions taken: {', '.join(counts)}"
