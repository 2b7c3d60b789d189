"""A small training set's manifest, as export writes it, for what is made of one."""

from typing import Any

EXPORT: dict[str, Any] = {
    "formats": ["messages", "question_answer", "preference"],
    "target": "letter",
    "keep": "read",
    "min_confidence": None,
    "max_tokens": None,
    "augment": "canonical",
    "balance": "none",
    "deduplicate": True,
    "leakage_threshold": 0.75,
    "include_system": True,
    "seed": 0,
}


def make_split(**fields: Any) -> dict[str, Any]:
    """64 questions, of which 60 are kept, rightly answered in 12 cases; B is taught most."""
    return {
        "questions": 64,
        "kept": 60,
        "rows": {"messages": 60, "question_answer": 60, "preference": 7},
        "outcomes": {"correct": 12, "wrong": 48},
        "agreement_with_gold": {"share": 0.2, "low": 0.1183, "high": 0.3178, "questions": 60},
        "left_out": {"leaked": {"A": 1, "C": 2}, "unparsed": {"B": 0, "none": 1}, "duplicate": {"A": 0}},
        "letters": {
            "before": {"A": 22, "B": 21, "C": 21},
            "kept": {"A": 21, "B": 20, "C": 19},
            "after": {"A": 6, "B": 48, "C": 6},
        },
        "shift": {
            "tv_distance": 0.4719,
            "selection_tv_distance": 0.0115,
            "selection_p": 0.41,
            "selection_method": "permutation",
        },
        "tokens": {"total": 5812, "longest": 120},
        "quality": {
            "accuracy": 0.2,
            "accuracy_low": 0.12,
            "accuracy_high": 0.31,
            "answered_rate": 0.98,
            "recall_std": 0.12,
            "tv_distance": 0.3,
        },
        **fields,
    }


def make_manifest(splits: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return what page and console read of manifest.json; without warnings, unless they are given."""
    return {
        "prompt": {"system": "Reply with one letter."},
        "export": EXPORT,
        "splits": splits or {"train": make_split(), "validation": make_split(left_out={})},
        "warnings": [],
        **fields,
    }
