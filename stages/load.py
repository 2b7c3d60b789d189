"""Stage load: take a sample of the chosen dataset's questions, each checked and in one schema."""

from pathlib import Path

import click

from potstill.core.environment import load_env_file
from potstill.core.options import path_option
from potstill.core.params_file import load_params


@click.command()
@path_option("source", "Folder below which local datasets must be, since DVC watches it.")
@path_option("raw", "Folder for {train,validation,test}.jsonl and source.json.")
def main(source: Path, raw: Path) -> None:
    """Load a sample of the dataset chosen in params.yaml."""
    params = load_params()
    load_env_file()
    from potstill.questions.sampling import write_samples  # noqa: PLC0415 (as it loads, the Hub's client reads HF_TOKEN etc.)

    write_samples(params, source, raw)


if __name__ == "__main__":
    main()
