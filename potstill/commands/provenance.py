"""Say where the files of an export came from, and who changed what since."""

from pathlib import Path
from typing import Any

import click

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.core.records import write_json
from potstill.sharing.formatting import format_names
from potstill.sharing.history import Output, find_output, outputs_at, outputs_of_history, outputs_of_revision
from potstill.sharing.lineage import Answers, Change, Lineage, find_answers, find_source, list_changes, list_segments_of
from potstill.sharing.objects import Cache, fetch
from potstill.sharing.prov import as_prov_json, make_document
from potstill.sharing.remotes import Remote, find_remote
from potstill.sharing.repository import open_project


@click.command()
@click.option("--revision", default="HEAD", help="A commit, tag or branch.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("responses", "Folder with what came back.")
@project_path_option("ledger", "Folder with what was bought and published.")
@project_path_option("export", "Folder with the training set.")
@click.option("--document", type=click.Path(path_type=Path), default="logs/provenance.json", help="File for PROV-JSON.")
def main(revision: str, raw: Path, responses: Path, ledger: Path, export: Path, document: Path) -> None:
    """Trace a commit's export back to params, prompt, teacher, data set and ledger, and forward to later changes."""
    lineage = Lineage(revision or "HEAD")
    named = outputs_of_revision(lineage.commit.id)
    exported, answered, drawn = (find_output(named, path, lineage.commit) for path in (export, responses, raw))
    ledgers = outputs_at(named, ledger)
    with open_project() as repo:
        cache = Cache(repo)
        bring(cache, find_remote(repo), [exported, answered, drawn, *ledgers])
        files = cache.list_folder(exported.md5)
        answers = find_answers(cache, answered, list_segments_of(cache, ledgers))
        source = find_source(cache, drawn)
    changes = list(list_changes(lineage.commit))
    for line in tell(lineage, exported, files, answers, source, changes):
        click.echo(line)
    write_json(document, as_prov_json(make_document(lineage, exported, files, answers, source, changes)))
    click.echo(f"as PROV-JSON: {document}")


def bring(cache: Cache, remote: Remote | None, outputs: list[Output]) -> None:
    """Fetch what is not here of outputs; an InputError names one that cannot be had."""
    if remote and cache.find_incomplete(outputs):
        fetch(cache, remote, outputs)
    gone = sorted(output.path for output in cache.find_incomplete(outputs))
    if gone:
        raise InputError(f"{format_names(gone)}: neither here nor in the remote; whoever has it runs `make push ALL=1`")


def tell(
    lineage: Lineage, export: Output, files: dict[str, str], answers: Answers, source: dict[str, Any],
    changes: list[Change],
) -> list[str]:  # fmt: skip
    """Say it in lines."""
    chosen = lineage.chosen()
    segments = ", ".join(f"{name} ({count:,})" for name, count in answers.segments.items()) or "none"
    return [
        *(f"{export.path}/{name}  md5 {md5}" for name, md5 in files.items()),
        f"commit    {str(lineage.commit).removeprefix('commit ')}",
        *([f"made by   {maker}"] if (maker := first_maker(lineage, export)) else []),
        f"data set  {describe_entry(chosen['dataset'] | {'revision': source.get('revision')})}; "
        f"{describe_sample(source)}",
        f"prompt    {describe_entry(chosen['prompt'])}",
        f"teacher   {describe_entry(chosen['teacher'])}; served as {', '.join(sorted(answers.models)) or 'nothing'}",
        f"answers   {answers.total:,}; in the ledger's segments: {segments}; in none: {answers.elsewhere:,}",
        *(
            f"not run   params.yaml of this commit differs from what was run: {phrase}"
            for phrase in lineage.list_stale()
        ),
        *(f"since     {change}" for change in changes),
    ]


def first_maker(lineage: Lineage, export: Output) -> str | None:
    """Name the commit that named this export first, where it is an earlier one."""
    maker = outputs_of_history(lineage.commit.id).get(export, lineage.commit)
    return str(maker).removeprefix("commit ") if maker.id != lineage.commit.id else None


def describe_entry(entry: dict[str, Any]) -> str:
    """Write an entry of params.yaml on one line."""
    told = {name: " ".join(str(value).split()) for name, value in entry.items() if name != "name" and value is not None}
    return f"{entry['name']}: {', '.join(f'{name} {text}' for name, text in told.items())}"


def describe_sample(source: dict[str, Any]) -> str:
    """Say how many questions were taken of each split."""
    counts = (f"{counted['questions']:,} of {split}" for split, counted in source.get("splits", {}).items())
    return f"questions taken: {', '.join(counts)}"
