"""Stage export: write the training examples that a student may learn from."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.params_file import load_params
from potstill.training_set.export import export_examples


@click.command()
@path_option("requests", "Folder with what was asked.")
@path_option("responses", "Folder with what came back.")
@path_option("answers", "Folder with what was read in it.")
@path_option("export", "Folder for FORMAT/{split}.jsonl and manifest.json.")
def main(requests: Path, responses: Path, answers: Path, export: Path) -> None:
    """Write the training examples in each format that params.yaml names."""
    export_examples(load_params(), requests, responses, answers, export)


if __name__ == "__main__":
    main()
