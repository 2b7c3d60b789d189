"""A small training set made by hand: its rows in each format, and the manifest that they belong to."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.training_set.manifests import EXPORT, make_split

Rows = list[dict[str, Any]]

FORMATS = ("question_answer", "messages", "prompt_completion", "alpaca", "sharegpt", "soft_labels", "preference")
COUNTS = {"train": 4, "validation": 3}
MANIFEST: dict[str, Any] = {
    "versions": {"potstill": "0.1.0", "datasets": "5.2.0"},
    "source": {
        "dataset": "riddles",
        "path": "me/riddles",
        "name": None,
        "revision": "abc123",
        "license": "cc-by-sa-4.0",
        "split_names": {"train": "validation"},
    },
    "teacher": {
        "name": "big",
        "provider": "openai",
        "model": "gpt-x",
        "served_as": ["gpt-x-2026"],
        "temperature": 0.0,
        "top_p": None,
        "seed": None,
        "max_tokens": 9,
        "extras": {},
    },
    "prompt": {
        "name": "letter",
        "system": "Reply with one of {labels}.",
        "user": "{question}\n{answer_choices}",
        "answer_format": None,
        "examples": None,
    },
    "load": {"train": 6, "validation": 6, "test": 0, "sample": "head", "seed": 0, "on_bad_row": "skip"},
    "prepare": {"rotations": 1, "replicates": 1, "splits": ["train", "validation"], "pride_share": 1, "seed": 0},
    "debias": "vote",
    "export": EXPORT | {"formats": list(FORMATS)},
    "gates_failed": [],
    "splits": {split: make_split(rows=dict.fromkeys(FORMATS, count)) for split, count in COUNTS.items()},
    "warnings": ["1 of 4 rows of train disagree with gold"],
}


def edit_manifest(**sections: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest with values of its sections replaced; `split` is each split's."""
    manifest = deepcopy(MANIFEST)
    for name, values in sections.items():
        for section in manifest["splits"].values() if name == "split" else [manifest[name]]:
            section.update(values)
    return manifest


def make_rows(split: str) -> dict[str, Rows]:
    """Return a split's rows in each format; only after train is a confidence known, and an example shown."""
    made: dict[str, Rows] = {name: [] for name in FORMATS}
    for number in range(COUNTS[split]):
        user = {"role": "user", "content": f"Riddle {number} of {split}?\nA. a river\nB. a road"}
        said, other = ([{"role": "assistant", "content": letter}] for letter in "AB")
        about = {"id": f"{split}-{number}", "outcome": "correct", "confidence": None if split == "train" else 0.75}
        made["question_answer"].append({"Question": user["content"], "Answer": "A"})
        made["messages"].append({"messages": [user, *said]})
        made["prompt_completion"].append({"prompt": [user], "completion": said, **about})
        history = [] if split == "train" else [["Riddle?", "B"]]
        alpaca = {"instruction": user["content"], "input": "", "output": "A", "system": "", "history": history}
        made["alpaca"].append({**alpaca, **about})
        turns = [{"from": "human", "value": user["content"]}, {"from": "gpt", "value": "A"}]
        made["sharegpt"].append({"conversations": turns, "system": "", **about})
        made["soft_labels"].append({"id": about["id"], "prompt": [user], "distribution": [0.75, 0.25], "answer": "A"})
        made["preference"].append({"prompt": [user], "chosen": said, "rejected": other, **about})
    return made


def write_files(folder: Path) -> Path:
    """Write the rows of both splits in each format."""
    for split in COUNTS:
        for name, rows in make_rows(split).items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            if name == "soft_labels":
                pq.write_table(pa.Table.from_pylist(rows), folder / name / f"{split}.parquet")
            else:
                lines = "".join(json.dumps(row) + "\n" for row in rows)
                (folder / name / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return folder
