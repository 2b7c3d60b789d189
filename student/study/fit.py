"""Fit the noise model to a recorded teacher's answers: `python -m student.study.fit`, in a project that read them."""

from pathlib import Path

import click
import msgspec

from potstill.core.options import path_option
from potstill.core.records import write_json
from potstill.reading.exchanges import read_judged_questions
from potstill.training_set.building import find_gold
from student.study.noise import fit_noise
from student.study.run import NOISE_FILE


@click.command()
@path_option("requests", "File with what was asked, its choices as they are.")
@path_option("responses", "File with what came back.")
@path_option("answers", "File with what was read in it.")
@click.option("--source", required=True, help="Whose answers they are, in words.")
@click.option("--noise", default=NOISE_FILE, type=click.Path(path_type=Path), help="File for the numbers.")
def main(requests: Path, responses: Path, answers: Path, source: str, noise: Path) -> None:
    """Write the numbers, and no row, of the answers."""
    rows = [
        (gold, exchange.reading.answer, exchange.response.content or "")
        for _, exchanges in read_judged_questions(requests, responses, answers)
        for exchange in exchanges
        if (gold := find_gold(exchange))
    ]
    write_json(noise, msgspec.to_builtins(fit_noise(rows, source)))


if __name__ == "__main__":
    main()
