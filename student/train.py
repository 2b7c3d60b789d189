"""Stage train: teach a chat student the training set."""

from pathlib import Path

import click

from potstill.core.options import path_option
from student.core.libraries import quiet_libraries
from student.core.params import load_student_params
from student.core.runs import Run, check_folder, run_option
from student.core.training_set import find_rows, read_conversations


@click.command()
@run_option
@path_option("export", "Folder with the training set.")
@path_option("base", "Folder with the model to begin as.")
@path_option("model", "Folder for the trained weights, or for the matrices beside them.")
@path_option("curves", "Folder for loss and learning rate, step by step.")
@path_option("checkpoints", "Folder for what a killed training goes on from.")
def main(run: Run, export: Path, base: Path, model: Path, curves: Path, checkpoints: Path) -> None:
    """Teach the model in --base each row's last message; a control gets the rows' last messages shuffled."""
    params = load_student_params()
    check_folder(base, "the model that students begin as")
    path = find_rows(export, "chat")
    conversations = read_conversations(path)
    quiet_libraries()
    from student.chat.training import Lesson, train  # noqa: PLC0415 (imports what reads the line above)

    lesson = Lesson(run, params.chat, path, conversations, base)
    click.echo(train(lesson, checkpoints / "chat", model, curves))


if __name__ == "__main__":
    main()
