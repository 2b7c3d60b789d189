"""The front matter of a training set's card: by it `datasets` loads each format, and the Hub lists the set."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

UNKNOWN = "unknown"
PARQUET = "soft_labels"  # the one format that is no JSON Lines
HUB_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
HUB_SIZES = {"n<1K": 10**3, "1K<n<10K": 10**4, "10K<n<100K": 10**5, "100K<n<1M": 10**6, "1M<n<10M": 10**7}
ABOVE_HUB_SIZES = "10M<n<100M"
STRING, NUMBER = {"dtype": "string"}, {"dtype": "float64"}
ABOUT = {"id": STRING, "outcome": STRING, "confidence": NUMBER}
# The columns of formats in which one may be null, or an empty list, throughout a split: `datasets` would infer a type
# that the next split does not have, and load neither.
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "prompt_completion": {"prompt": ("role", "content"), "completion": ("role", "content"), **ABOUT},
    "alpaca": {
        **dict.fromkeys(("instruction", "input", "output", "system"), STRING),
        "history": {"list": {"list": "string"}},
        **ABOUT,
    },
    "sharegpt": {"conversations": ("from", "value"), "system": STRING, **ABOUT},
    "preference": {**dict.fromkeys(("prompt", "chosen", "rejected"), ("role", "content")), **ABOUT},
}


def build_front_matter(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card's metadata as the Hub documents them; the language is left out, since nobody states it."""
    configs = list_configs(manifest)
    rows = sum(max(split["rows"].values(), default=0) for split in manifest["splits"].values())
    columns = [{"config_name": name, "features": list(_list_features(name))} for name in configs if name in COLUMNS]
    return {
        **build_license(list_licenses(manifest["source"]["license"])),
        "annotations_creators": ["machine-generated"],
        "task_categories": ["multiple-choice", "text-generation"],
        "tags": ["distillation", "synthetic", "potstill"],
        "size_categories": [next((size for size, limit in HUB_SIZES.items() if rows < limit), ABOVE_HUB_SIZES)],
        "configs": [
            {"config_name": name, "data_files": [{"split": split, "path": path} for split, path in files.items()]}
            | ({"default": True} if name == next(iter(configs)) else {})
            for name, files in configs.items()
        ],
        "dataset_info": columns or None,
    }


def list_configs(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the files that `datasets` can load by a format's name.

    It reads every config of a folder as it would the first (huggingface/datasets#7101), so parquet cannot stand beside
    JSON Lines.
    """
    formats = list_formats(manifest)
    return {name: files for name, files in formats.items() if name != PARQUET or len(formats) == 1}


def list_formats(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the file of each split that has rows, by format and split; `datasets` can load no empty split."""
    formats = {}
    for name in manifest["export"]["formats"]:
        suffix = "parquet" if name == PARQUET else "jsonl"
        present = [split for split, counts in manifest["splits"].items() if counts["rows"].get(name)]
        if present:
            formats[name] = {split: f"{name}/{split}.{suffix}" for split in present}
    return formats


def list_licenses(stated: str | Sequence[str] | None) -> list[str]:
    """Return the licences that a source states; "unknown" where it states none."""
    return [stated] if isinstance(stated, str) else [*(stated or [UNKNOWN])]


def build_license(stated: Sequence[str]) -> dict[str, Any]:
    """Return licences as the Hub takes them: ids in lower case, or "other" and the name of what is no id."""
    ids = [one.lower() for one in stated]
    if all(HUB_LICENSE.fullmatch(one) for one in ids):
        return {"license": ids if len(ids) > 1 else ids[0]}
    return {"license": "other", "license_name": "-".join(re.findall(r"[a-z0-9.]+", " ".join(ids))) or UNKNOWN}


def _list_features(name: str) -> Iterator[dict[str, Any]]:
    """Yield each column of a format with its type; a pair of names is a list of texts with these two."""
    for column, kind in COLUMNS[name].items():
        turn = {"list": [{"name": part, "dtype": "string"} for part in kind]} if isinstance(kind, tuple) else kind
        yield {"name": column, **turn}
