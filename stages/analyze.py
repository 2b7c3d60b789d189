"""Stage analyze: read a letter from each response, judge it by gold, and report how far to trust the teacher."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.params_file import load_params
from potstill.quality.report import analyze


@click.command()
@path_option("raw", "Folder with the questions, and source.json, which says what they are a sample of.")
@path_option("requests", "Folder with what was asked.")
@path_option("responses", "Folder with what came back.")
@path_option("answers", "Folder for {split}.jsonl.")
@path_option("reports", "Folder for metrics.json, tables, figures and index.html.")
def main(raw: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Judge the responses by the gold answers, and report how far to trust the teacher."""
    analyze(load_params(), raw, requests, responses, answers, reports)


if __name__ == "__main__":
    main()
