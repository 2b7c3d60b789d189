"""How fast letters are read: answers a second on one core, for each kind of answer and for all of them in turn.

python -m benchmarks.reading [--seconds 2]

Compare the lines within one run only, since they depend on what else the machine does.
"""

import time
from collections.abc import Sequence

import click

from potstill.core.letters import letter_choices
from potstill.reading.extraction import extract_answer

CHOICES = letter_choices(["library", "bank", "department store", "mall", "countryside"])
REASONING = (
    "Let's go through the options one by one. A revolving door slows people down, which helps where money is guarded. "
    "A library lends books and has no need of that. A department store and a mall want their customers to walk in. "
)
ANSWERS = {
    "bare letter": ["B", "(b)", "**B**", "B."],
    "letter with text": ["B. bank", "(B) bank", "**B) bank**", "B: bank"],
    "one sentence": [
        "The answer is B.",
        "I would choose option B, since money is guarded.",
        "The best answer is the bank.",
    ],
    "1 kB of reasoning": [REASONING * 4 + end for end in ("So the answer is (B) bank.", "\n\n**Answer: B**")],
}


def count_a_second(texts: Sequence[str], seconds: float) -> float:
    """Read texts in turn for about that long, and return how many a second were read."""
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        for text in texts:
            extract_answer(text, CHOICES)
        count += len(texts)
    return count / taken


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="How long to read answers of each kind.")
def main(seconds: float) -> None:
    """Print how many answers a second are read."""
    for kind, texts in ANSWERS.items():
        click.echo(f"{kind:20} {count_a_second(texts, seconds):10,.0f} a second")
    mixed = [texts[turn % len(texts)] for turn in range(4) for texts in ANSWERS.values()]
    click.echo(f"{'all in turn':20} {count_a_second(mixed, seconds):10,.0f} a second")


if __name__ == "__main__":
    main()
