"""Say what would run again and why, what that would cost, what is missing here, and what is only here."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.prompting.requests import write_requests
from potstill.sharing.formatting import format_names
from potstill.sharing.history import Output, list_workspace_outputs
from potstill.sharing.objects import Cache
from potstill.sharing.processes import run_python
from potstill.sharing.repository import open_project
from potstill.sharing.reruns import describe_reruns
from potstill.sharing.unshared import ALL_SHARED, describe_sharing
from potstill.teacher.estimate import describe_estimate


@click.command()
@project_path_option("source", "Folder with local datasets.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("requests", "Folder with what is to be asked.")
@project_path_option("ledger", "Folder with what was bought and published.")
def main(source: Path, raw: Path, requests: Path, ledger: Path) -> None:
    """Describe what would rerun, its cost, and what is only here.

    It changes nothing, and asks the teacher nothing.
    """
    params = load_params()
    with open_project() as repo:
        outputs = list_workspace_outputs()  # first, since its sentence of an unreadable dvc.lock is better than DVC's
        stages, lines = describe_reruns(repo)
        missing = describe_missing(Cache(repo), outputs, ledger)
        unshared = describe_sharing(repo, ledger)
    if "infer" in stages:
        lines.append(describe_cost(params, stages, source, raw, requests, ledger))
    click.echo("\n".join([*lines, *missing, *(unshared or [ALL_SHARED])]))


def describe_missing(cache: Cache, outputs: Iterable[Output], ledger: Path) -> list[str]:
    """Return a line with the outputs that are not in the workspace and not whole in the cache; none if all are."""
    missing = sorted(output.path for output in cache.find_incomplete(outputs) if not Path(output.path).exists())
    advice = "; until then `make repro` asks nothing" if str(ledger) in missing else ""
    return [f"not here: {format_names(missing)}; `make pull` fetches what others made{advice}"] if missing else []


def describe_cost(params: Params, stages: list[str], source: Path, raw: Path, requests: Path, ledger: Path) -> str:
    """Return what `infer` would ask and its cost, after what the stages before it would write, or why none is known."""
    try:
        with TemporaryDirectory() as folder:
            if "load" in stages:
                raw = Path(folder, "raw")
                run_python("stages.load", "--source", str(source), "--raw", str(raw))  # imports `datasets` for seconds
            if "load" in stages or "prepare" in stages:
                requests = Path(folder, "requests")
                write_requests(params, raw, requests)
            return describe_estimate(params, requests, ledger)
    except InputError as error:
        return f"what it would cost is not known: {error}"
