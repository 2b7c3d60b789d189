"""Stage convert: write a chat student as it is served."""

from pathlib import Path

import click

from potstill.core.options import path_option
from student.core.libraries import quiet_libraries
from student.core.params import load_student_params
from student.core.runs import Run, check_folder, run_option


@click.command()
@run_option
@path_option("base", "Folder with the model before training.")
@click.option("--model", type=click.Path(path_type=Path), help="Folder with the trained one; none: the base itself.")
@path_option("served", "Folder for the GGUF and, where it is asked for, ONNX.")
def main(run: Run, base: Path, model: Path | None, served: Path) -> None:
    """Write the GGUF of a run, and of the one to use the ONNX that student/params.yaml may ask for."""
    params = load_student_params()
    for folder in filter(None, (base, model)):
        check_folder(folder, "a model")
    quiet_libraries()
    from student.chat.conversion import convert  # noqa: PLC0415 (imports what reads the line above)

    click.echo(convert(run, base, model, served, onnx=params.chat.onnx and run == Run("trained", params.seeds[0])))


if __name__ == "__main__":
    main()
