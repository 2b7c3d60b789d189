"""Say what the students learned: `python -m student.report`."""

from collections.abc import Sequence
from pathlib import Path

import click

from potstill.core.distributions import round_number, round_p_value
from potstill.core.folder_hash import hash_file, hash_folder
from potstill.core.options import path_option
from potstill.core.records import read_json, write_json
from potstill.core.wording import ASCII
from student.core.params import load_student_params
from student.learning.card import write_card
from student.learning.measuring import Learned, measure_learning
from student.learning.reading import read_compared
from student.learning.section import Sources, write_section
from student.learning.verdicts import describe_learning, has_learned


@click.command()
@path_option("raw", "Folder with the questions.")
@path_option("export", "Folder with the training set.")
@path_option("responses", "Folder with the teacher's responses.")
@path_option("teacher", "Folder with the teacher's answers.")
@path_option("answers", "Folder with the students' answers, and in it a folder for each kind and run.")
@path_option("page", "Script for what the report page shows of the students.")
@path_option("metrics", "File for the numbers that DVC compares.")
@path_option("cards", "Folder for the models' cards.")
def main(
    raw: Path, export: Path, responses: Path, teacher: Path, answers: Path, page: Path, metrics: Path, cards: Path
) -> None:
    """Compare the teacher with the students before and after training, and say whether they learned."""
    params = load_student_params()
    manifest = read_json(export / "manifest.json")
    made_of = Sources(hash_folder(responses), hash_file(export / "manifest.json"))
    compared = read_compared(raw, params.ask.split, teacher, answers, params.seeds)
    students = [measure_learning(one, params.seeds) for one in compared]
    write_section(page, students, params, manifest, made_of)
    write_json(metrics, build_metrics(students))
    written = [str(write_card(cards, one, params, manifest, made_of)) for one in students]
    for one in students:
        click.echo(describe_learning(one).translate(ASCII))
    click.echo(f'report page: {page.with_name("index.html")}, under "The students" (`make report` opens it)')
    click.echo(f"cards:       {', '.join(written)}")
    click.echo(
        f"metrics:     {metrics}; `git add student/dvc.yaml student/dvc.lock {metrics}` and a commit keep this run"
    )


def build_metrics(students: Sequence[Learned]) -> dict[str, dict[str, float | bool | None]]:
    """Return the few numbers of each kind of student that `dvc metrics diff` is for."""
    return {
        one.kind: {
            **{name: round_number(column.measures.accuracy) for name, column in one.columns.items()},
            **{f"p_{rival}": round_p_value(one.differences[rival].p) for rival in ("untrained", "control")},
            "agreement": round_number(one.columns["trained"].measures.same),
            "learned": has_learned(one),
        }
        for one in students
    }


if __name__ == "__main__":
    main()
