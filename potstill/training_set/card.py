"""The card of a training set: what a person reads who decides whether to train on it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from potstill.core.documents import Filters, render_document
from potstill.core.json_lines import read_objects
from potstill.core.records import SPLITS, replacing
from potstill.core.wording import format_decimals, format_percent
from potstill.training_set import card_wording, phrases
from potstill.training_set.front_matter import build_front_matter, list_configs, list_formats, list_licenses
from potstill.training_set.markdown import FILTERS as MARKDOWN_FILTERS

CARD, TEMPLATE = "README.md", "card.md"
MOST_SHOWN = 3_000  # characters of the example
FILTERS: Filters = {**MARKDOWN_FILTERS, "percent": format_percent, "decimals": format_decimals}
SAMPLING = ("temperature", "top_p", "seed", "max_tokens", "extras")


class FirstRow(NamedTuple):
    """A row of a training set as indented JSON, and the format that it is of."""

    format: str
    text: str


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the README.md of a folder that has its rows."""
    example = find_example(folder, manifest["export"]["formats"])
    with replacing(folder / CARD) as unfinished:
        unfinished.write_text(render_card(manifest, example), encoding="utf-8", newline="\n")


def find_example(folder: Path, formats: Sequence[str]) -> FirstRow | None:
    """Return the first row of the first format that is JSON Lines; None if there is none."""
    for name in formats:
        for split in SPLITS:
            path = folder / name / f"{split}.jsonl"
            if path.is_file() and (row := next(read_objects(path), None)):
                return FirstRow(name, shorten(json.dumps(row, indent=2, ensure_ascii=False)))
    return None


def render_card(manifest: Mapping[str, Any], example: FirstRow | None) -> str:
    """Return a dataset card as the Hub takes it: front matter in YAML, and Markdown.

    It says what the manifest says and nothing else, so the same manifest and example give the same card.
    """
    from huggingface_hub import DatasetCardData  # noqa: PLC0415 (0.3 s; the rest of export needs none of it)

    body = render_document(
        Path(__file__).with_name(TEMPLATE),
        FILTERS,
        **manifest,
        words=card_wording,
        phrases=phrases,
        configs=list_configs(manifest),
        formats=list_formats(manifest),
        licenses=list_licenses(manifest["source"]["license"]),
        sampling={name: manifest["teacher"][name] for name in SAMPLING},
        example=example,
    )
    return f"---\n{DatasetCardData(**build_front_matter(manifest)).to_yaml()}\n---\n\n{body}"


def shorten(text: str) -> str:
    """Return a text, cut where it is longer than a card should show."""
    more = len(text) - MOST_SHOWN
    return text if more <= 0 else f"{text[:MOST_SHOWN]}\n... ({more:,} more characters)"
