"""Going back to the last committed run, such as after a gate has failed: nothing that was bought is lost by it."""

from pathlib import Path

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_names
from potstill.sharing.history import LOCK, PARAMS, STUDENT_LOCK, STUDENT_PARAMS, list_workspace_outputs, parse_committed
from potstill.sharing.objects import Cache
from potstill.sharing.outputs import check_out, list_declared
from potstill.sharing.processes import run_git, try_git


def restore_files() -> list[str]:
    """Bring params, locks and the outputs that git keeps back to HEAD, students' too; return a line that names them.

    What was changed in them goes to git's stash. Raise InputError if HEAD has no run.
    """
    committed = {lock: text for lock in (LOCK, STUDENT_LOCK) if (text := try_git("show", f"HEAD:./{lock}")) is not None}
    if LOCK not in committed:
        raise InputError(f"{LOCK}: expected it in the last commit, found none, so there is no run to go back to")
    outputs = {output.path for lock, text in committed.items() for output in parse_committed(lock, text)}
    in_git = sorted(outputs & set(run_git("ls-tree", "-r", "--name-only", "HEAD").splitlines()))
    named = (PARAMS, STUDENT_PARAMS, *committed, *in_git)
    changed = run_git("diff", "--name-only", "--relative", "HEAD", "--", *named).splitlines()
    if not changed:
        return []
    run_git("stash", "push", "--quiet", "--message", "Before `make restore`", "--", *changed)
    return [f"back at the last commit: {', '.join(changed)}; `git stash pop` brings your changes again"]


def restore_outputs(repo: Repo, ledger: Path) -> list[str]:
    """Bring all outputs but the ledger back to what DVC has of them, over what is there; return lines of which."""
    paths = [path for path in list_declared(repo) if Path(path) != ledger]
    check_out(repo, paths, force=True)
    outputs = [output for output in list_workspace_outputs() if output.path in paths]
    missing = sorted({output.path for output in Cache(repo).find_incomplete(outputs)})
    there = [Path(path) for path in paths if path not in missing]
    students = f"student/ as {STUDENT_LOCK} names it"
    back = dict.fromkeys(students if "student" in path.parts else str(path) for path in there)
    lines = [f"as {LOCK} names them: {', '.join(back)}"]
    return lines + ([f"not here: {format_names(missing)}; `make pull` fetches it"] if missing else [])
