"""Which revisions are compared, and where the files of each are: in the workspace, or in DVC's cache."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.core.records import SPLITS
from potstill.sharing.formatting import format_names
from potstill.sharing.history import (
    LOCK,
    PARAMS,
    Output,
    find_output,
    list_revision_outputs,
)
from potstill.sharing.lineage import Lineage, find_source
from potstill.sharing.objects import Cache, compute_md5, download_outputs
from potstill.sharing.processes import try_git
from potstill.sharing.remotes import find_remote
from potstill.sharing.services import NONE_SET

WORKSPACE_NAME, HEAD = "workspace", "HEAD"
EXPERIMENT_REFS = "refs/exps/??/*/*"


@dataclass(frozen=True)
class Folders:
    """Where the stages write, as dvc.yaml says: paths in the project."""

    raw: Path
    requests: Path
    responses: Path
    answers: Path


@dataclass(frozen=True)
class Revision:
    """One variant: a commit, an experiment or the workspace, its params and its rows.

    `splits` has the files (requests, responses, answers) of each split; `notes` says what of it was not run or not
    committed, and `aliases` what else is the same.
    """

    name: str
    lineage: Lineage
    source: dict[str, Any]
    splits: Mapping[str, "SplitFiles"]
    notes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the name, and the names of what is the same."""
        return f"{self.name} (= {', '.join(self.aliases)})" if self.aliases else self.name

    @property
    def params(self) -> dict[str, Any]:
        """The params that the stages ran with, by their full names."""
        return {name: value for stage in self.lineage.stages for name, value in self.lineage.find_params(stage).items()}


@dataclass(frozen=True)
class SplitFiles:
    """The files of one split."""

    requests: Path
    responses: Path
    answers: Path


def list_experiments() -> dict[str, tuple[str, str]]:
    """Return the commit of each experiment, by its ref, and the commit that it began from."""
    lines = (try_git("for-each-ref", "--format=%(refname) %(objectname)", EXPERIMENT_REFS) or "").splitlines()
    refs = dict(line.split() for line in lines)
    return {ref: (commit, "".join(ref.split("/")[2:4])) for ref, commit in refs.items()}


def choose_names(wanted: Sequence[str]) -> dict[str, str | None]:
    """Return the commit of each revision to compare, by its name; None stands for the workspace.

    Where none is wanted these are the workspace, HEAD if the workspace ran something else, and HEAD's experiments.
    Raise InputError if a name is none.
    """
    experiments = list_experiments()
    if wanted:
        return {name: None if name == WORKSPACE_NAME else _find_commit(name, experiments) for name in wanted}
    head = try_git("rev-parse", HEAD)
    own = {ref.split("/", 4)[4]: commit for ref, (commit, base) in experiments.items() if base == head}
    moved = head and try_git("diff", "--quiet", HEAD, "--", LOCK) is None and try_git("show", f"{HEAD}:./{LOCK}")
    return {WORKSPACE_NAME: None, **({HEAD: head} if moved else {}), **dict(sorted(own.items()))}


def _find_commit(name: str, experiments: Mapping[str, tuple[str, str]]) -> str:
    """Return the commit of an experiment, of HEAD's first, or of what else git knows by the name."""
    head = try_git("rev-parse", HEAD)
    named = {ref: pair for ref, pair in experiments.items() if ref.split("/", 4)[4] == name}
    of_head = [commit for commit, base in named.values() if base == head]
    commits = of_head or sorted({commit for commit, _ in named.values()})
    if len(commits) > 1:
        raise InputError(f"REVS: {name} names {len(commits)} experiments; name one by its ref: {' or '.join(named)}")
    commit = commits[0] if commits else None
    if commit is None and not name.startswith("-"):
        commit = try_git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if commit is None:
        known = format_names(sorted({ref.split("/", 4)[4] for ref in experiments}))
        raise InputError(
            f"REVS: expected {WORKSPACE_NAME}, an experiment, commit, tag or branch, got {name}; experiments here: "
            f"{known or 'none'} (`make pull EXPS=1` brings those of others)"
        )
    return commit


def read_revisions(
    repo: Repo, names: Mapping[str, str | None], folders: Folders
) -> tuple[list[Revision], dict[str, str]]:
    """Return the revisions whose files are here or in the remote, and of the others why they are left out."""
    cache = Cache(repo)
    revisions, reasons = [], {}
    for name, commit in names.items():
        try:
            lineage = Lineage(commit)
            found = _read_commit(repo, cache, name, lineage, folders) if commit else None
            revisions.append(found or _read_workspace(repo, lineage, folders))
        except InputError as error:
            reasons[name] = error.message
    return merge_equal(revisions), reasons


def _read_commit(repo: Repo, cache: Cache, name: str, lineage: Lineage, folders: Folders) -> Revision:
    """Return a commit's revision; what is not here is fetched. Raise InputError if something cannot be had."""
    outputs = list_revision_outputs(lineage.commit.id)
    wanted = {key: find_output(outputs, path, lineage.commit) for key, path in vars(folders).items()}
    _fetch(repo, cache, name, lineage.commit.id, list(wanted.values()))
    listed = {key: cache.list_folder(output.md5) for key, output in wanted.items() if key != "raw"}
    files = {key: {split: cache.path(md5) for split, md5 in _by_split(names)} for key, names in listed.items()}
    source = find_source(cache, wanted["raw"])
    return Revision(name, lineage, source, _pair_files(files), _describe_stale(name, lineage))


def _by_split(names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield each split that a folder's listing has a file of, with the file's md5."""
    return ((split, names[f"{split}.jsonl"]) for split in SPLITS if f"{split}.jsonl" in names)


def _fetch(repo: Repo, cache: Cache, name: str, identity: str, outputs: list[Output]) -> None:
    """Download what of a commit is not here; raise InputError if the remote has not all of it either."""
    if not cache.find_incomplete(outputs):
        return
    remote = find_remote(repo)
    if remote:
        download_outputs(cache, remote, outputs)
    missing = sorted(output.path for output in cache.find_incomplete(outputs))
    if missing:
        names = f"{format_names(missing)} of {name}"
        if remote is None:
            raise InputError(f"{names}: not here, and {NONE_SET}")
        is_experiment = any(commit == identity for commit, _ in list_experiments().values())
        word = "EXPS=1" if is_experiment else "ALL=1"
        raise InputError(
            f"{names}: neither here nor in the remote; whoever has it runs `make push {word}`, and `make pull {word}` "
            "brings it"
        )


def _read_workspace(repo: Repo, lineage: Lineage, folders: Folders) -> Revision:
    """Return the workspace as its files on disk are, whatever dvc.lock says; raise InputError if there are none."""
    paths = {key: path for key, path in vars(folders).items() if key != "raw"}
    files = {
        key: {split: path / f"{split}.jsonl" for split in SPLITS if (path / f"{split}.jsonl").is_file()}
        for key, path in paths.items()
    }
    empty = sorted(str(path) for key, path in paths.items() if not files[key])
    if empty:
        raise InputError(f"{format_names(empty)}: not in the workspace; `make repro` makes it, `make pull` brings it")
    described = folders.raw / "source.json"
    source = json.loads(described.read_text(encoding="utf-8")) if described.is_file() else {}
    uncommitted = [name for name in (PARAMS, LOCK) if try_git("diff", "--quiet", HEAD, "--", name) is None]
    notes = [f"{WORKSPACE_NAME}: {' and '.join(uncommitted)} not committed"] if uncommitted else []
    notes += [*_describe_stale(WORKSPACE_NAME, lineage), *_list_changed(repo, list(paths.values()))]
    return Revision(WORKSPACE_NAME, lineage, source, _pair_files(files), tuple(notes))


def _describe_stale(name: str, lineage: Lineage) -> tuple[str, ...]:
    """Return a note for each thing that a revision names otherwise than it was run."""
    return tuple(f"{name}: not run with what it names: {phrase}" for phrase in lineage.list_stale())


def _list_changed(repo: Repo, paths: list[Path]) -> list[str]:
    """Return a note for each output whose files are not those that dvc.lock names."""
    outs = {Path(out.fs_path).relative_to(repo.root_dir): out for out in repo.index.outs if out.is_in_repo}
    changed = [path for path in paths if path in outs and outs[path].workspace_status()]
    return [f"{WORKSPACE_NAME}: {path} is not as {LOCK} names it" for path in changed]


def _pair_files(files: Mapping[str, Mapping[str, Path]]) -> dict[str, SplitFiles]:
    """Return the files of each split that all folders have."""
    common = [split for split in SPLITS if all(split in paths for paths in files.values())]
    return {split: SplitFiles(**{key: paths[split] for key, paths in files.items()}) for split in common}


def merge_equal(revisions: Iterable[Revision]) -> list[Revision]:
    """Return the revisions, those with the same answers by the same params as one: a name of its own goes first."""
    merged: dict[str, Revision] = {}
    for revision in revisions:
        key = repr((sorted(revision.params.items()), _digest_answers(revision)))
        known = merged.get(key)
        if known is None:
            merged[key] = revision
            continue
        first, second = (revision, known) if known.name in (WORKSPACE_NAME, HEAD) else (known, revision)
        aliases = (*first.aliases, *second.aliases, second.name)
        merged[key] = replace(first, aliases=aliases, notes=tuple(dict.fromkeys([*first.notes, *second.notes])))
    return list(merged.values())


def _digest_answers(revision: Revision) -> list[tuple[str, str]]:
    """Return each split with the md5 of its answers."""
    return [(split, compute_md5(files.answers)) for split, files in revision.splits.items()]
