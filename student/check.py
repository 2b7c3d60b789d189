"""Stage check: see that students may learn from the training set, before any is trained."""

from collections.abc import Sequence
from pathlib import Path

import click

from potstill.core.errors import InputError
from potstill.core.options import path_option
from potstill.core.records import Request, read_json, read_rows, write_json
from student.core.leakage import check_leakage
from student.core.params import load_student_params
from student.core.training_set import FORMATS, find_rows, read_conversations, read_prompts


@click.command()
@click.option("--kind", required=True, type=click.Choice(list(FORMATS)), help="Kind of student.")
@path_option("export", "Folder with the training set.")
@path_option("requests", "Folder with what students are judged by.")
@path_option("checked", "File that says what was checked.")
def main(kind: str, export: Path, requests: Path, checked: Path) -> None:
    """Refuse a training set that a kind of student cannot, or may not, learn from."""
    path = find_rows(export, kind)
    rows = read_conversations(path) if kind == "chat" else read_prompts(path)
    check_system(kind, export, rows)
    split = load_student_params().ask.split
    check_leakage(path, rows, read_rows(requests / f"{split}.jsonl", Request))
    # The same in every run that passes, so that chat students are not trained anew for another ask.split.
    write_json(checked, {"may_be_learned_from": FORMATS[kind][0]})


def check_system(kind: str, export: Path, rows: Sequence[object]) -> None:
    """Raise InputError if chat students would be asked with a system message that they are not trained with."""
    manifest = read_json(export / "manifest.json")
    if kind == "chat" and rows and manifest["prompt"]["system"] and not manifest["export"]["include_system"]:
        raise InputError(
            f"{export}: expected the system message that students are asked with, and the export left it out; set "
            "export.include_system in params.yaml to true"
        )


if __name__ == "__main__":
    main()
