"""The licence that a dataset states: the `license` of the front matter of its card. Never a guess."""

from pathlib import Path

from huggingface_hub.repocard import metadata_load

from potstill.core.errors import InputError
from potstill.questions.files import one_line

CARD = "README.md"

License = str | list[str] | None


def read_license(path: Path) -> License:
    """Return what the README.md in a folder, or beside a file, states; None where it states none or is not there."""
    card = (path if path.is_dir() else path.parent) / CARD
    if not card.is_file():
        return None
    try:
        metadata = metadata_load(card) or {}
    except Exception as error:  # noqa: BLE001 (PyYAML's errors have no base among Python's own)
        raise InputError(f"{card}: expected front matter in YAML, but {one_line(error)}; correct it") from None
    return parse_license(metadata.get("license"))


def parse_license(stated: object) -> License:
    """Return a licence or a list of licences as a card states it; None for anything else."""
    if isinstance(stated, str):
        return stated.strip() or None
    if isinstance(stated, list) and stated and all(isinstance(one, str) for one in stated):
        return stated
    return None
