"""Does care pay? `python -m student study`, in a project with CommonsenseQA's train and validation in data/raw."""

from pathlib import Path

import click

from student.study.run import run_study

STUDENT = Path("student")


@click.command()
@click.option("--raw", default=Path("data/raw"), type=click.Path(path_type=Path), help="Folder with the questions.")
@click.option(
    "--checkpoints", default=STUDENT / "checkpoints", type=click.Path(path_type=Path),
    help="Folder for what a study that was killed goes on from.",
)  # fmt: skip
@click.option(
    "--results",
    default=STUDENT / "study/results.json",
    type=click.Path(path_type=Path),
    help="File for what comes out.",
)
def main(raw: Path, checkpoints: Path, results: Path) -> None:
    """Train students on four sets of the same answers, judge them, and write what comes out."""
    run_study(raw, checkpoints, results)


if __name__ == "__main__":
    main()
