"""Publishing: what was bought becomes segments of the ledger, which DVC tracks and pushes."""

from contextlib import suppress
from pathlib import Path

from dvc.exceptions import CacheLinkError, DvcException
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.repo.add import get_or_create_stage
from dvc.stage.serialize import to_single_stage_file
from dvc.utils.serialize import dump_yaml

from potstill.core.errors import InputError
from potstill.core.records import replacing
from potstill.sharing.history import list_workspace_outputs, select_outputs
from potstill.sharing.objects import Cache, upload
from potstill.sharing.remotes import find_remote
from potstill.sharing.services import NONE_SET
from potstill.sharing.storage_errors import first_line
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import count_answers, list_segments, publish
from potstill.teacher.store.pointer import pointer_of
from potstill.teacher.store.projects import project_id


def write_segment(ledger: Path) -> str:
    """Write the answers that this project used and nobody published; return how many, in words."""
    with Journal(journal_path()) as journal:
        segment = publish(journal, project_id(Path.cwd()), ledger)
    if not segment:
        return "no new answers to publish"
    return f"{count_answers(segment):,} answers published as {segment}"


def track_ledger(repo: Repo, ledger: Path) -> None:
    """Let DVC track the segments of the ledger, if there are any."""
    if not list_segments(ledger):
        return
    try:
        _add(repo, ledger)
    except LockError:
        raise
    except DvcException as error:
        raise InputError(f"{ledger}: DVC could not take it ({first_line(error)}); what was published is kept") from None


def _add(repo: Repo, ledger: Path) -> None:
    """Do what `dvc add` does, but replace the .dvc file whole: a kill while DVC writes it would leave it empty."""
    with lock_repo(repo), repo.scm_context():
        stage, is_tracked = get_or_create_stage(repo, str(ledger))
        repo.check_graph(stages=[stage])
        with suppress(CacheLinkError):  # what is in the cache need not be linked to it
            stage.add_outs(str(ledger.absolute()) if is_tracked else None)
        with replacing(pointer_of(ledger)) as unfinished:
            dump_yaml(unfinished, to_single_stage_file(stage))
        repo.scm_context.track_file(str(pointer_of(ledger)))


def push_ledger(repo: Repo, ledger: Path) -> str:
    """Push what the remote lacks of the ledger, also of earlier segments; return what moved and what to do next."""
    if not list_segments(ledger):
        return "the ledger is empty"
    advice = f"now `git add {pointer_of(ledger)} && git commit`"
    try:
        remote = find_remote(repo)
        if remote is None:
            return f"not pushed, since {NONE_SET}; {advice}"
        cache = Cache(repo)
        stats = upload(cache, remote, cache.map_objects(select_outputs(list_workspace_outputs(), ledger)))
    except InputError as error:
        raise InputError(f"{error}; the segment is kept, run `make publish` again when that is mended") from None
    return f"{stats} pushed; {advice}"
