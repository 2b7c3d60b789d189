"""Stage export: write the training set that a student may learn from."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.params_file import load_params
from potstill.training_set.export import export_examples


@click.command()
@path_option("raw", "Folder with the questions, and what they are a sample of.")
@path_option("requests", "Folder with what was asked.")
@path_option("responses", "Folder with what came back.")
@path_option("answers", "Folder with what was read in it.")
@path_option("measures", "File with the teacher's measures in each split.")
@path_option("export", "Folder for the training set.")
@path_option("page", "Script for what the report page shows of it.")
def main(raw: Path, requests: Path, responses: Path, answers: Path, measures: Path, export: Path, page: Path) -> None:
    """Write the training set in each format that params.yaml names, with its card and manifest."""
    export_examples(load_params(), raw, requests, responses, answers, measures, export, page)


if __name__ == "__main__":
    main()
