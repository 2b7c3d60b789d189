"""Stage rank: train a sentence encoder on what the teacher answered, and rank the options of unseen questions."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.wording import format_percent
from student.core.libraries import quiet_libraries
from student.core.params import BUNDLED, load_student_params
from student.core.runs import Run, run_option

FOLDER = click.Path(path_type=Path)


@click.command()
@run_option
@path_option("raw", "Folder with the questions.")
@path_option("export", "Folder with the training set.")
@path_option("checkpoints", "Folder for what a training that was killed goes on from.")
@path_option("answers", "Folder for the student's answers.")
@click.option("--model", type=FOLDER, help="Folder for the model; left out: it is not kept.")
@click.option("--curves", type=FOLDER, help="Folder for the curves of its training; left out: none.")
def main(
    run: Run, raw: Path, export: Path, checkpoints: Path, answers: Path, model: Path | None, curves: Path | None
) -> None:
    """Train the encoder that student/params.yaml names, and answer the questions of ask.split."""
    params = load_student_params()
    quiet_libraries(offline=params.rank.model == BUNDLED or Path(params.rank.model).is_dir())
    from student.ranking.student import Folders, make_student  # noqa: PLC0415 (imports what reads the lines above)

    folders = Folders(raw, export, checkpoints, answers, model, curves)
    correct, total = make_student(run, params.rank, params.ask.split, folders)
    click.echo(f"{run}: {correct:,} of {total:,} right ({format_percent(correct / total)})")


if __name__ == "__main__":
    main()
