"""Columns that grow row by row: a byte or a number for each value, where a list would hold an object of a million."""

from array import array
from collections.abc import Callable, Iterable, Mapping
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from potstill.core.letters import LETTERS
from potstill.core.records import OUTCOMES, SPLITS
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES
from potstill.quality.statistics import NONE

# What each column holds: one of these texts, any text (str), or a number.
KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("gold", "answer"), (*LETTERS, NONE)),
    "split": SPLITS,
    "question_type": QUESTION_TYPES,
    "length_band": LENGTH_BANDS,
    "outcome": OUTCOMES,
    "concept": str,
    **dict.fromkeys(("question", "rotation", "n_choices", "n_requests", "letters_read"), int),
    **dict.fromkeys(("agreement", "flip_rate", "mass_outside", "confidence"), float),
}
_TYPES = {str: "i", int: "i", float: "d"}
_ENCODERS: Mapping[Any, Callable[[Any], Any]] = {int: int, float: lambda number: nan if number is None else number}


class Columns:
    """Rows, column by column; None in a column of float is NaN."""

    def __init__(self, names: Iterable[str]) -> None:
        """Start with none of columns that KINDS names."""
        kinds = {name: KINDS[name] for name in names}
        self._texts = {name: _Places(_number(kind)) for name, kind in kinds.items() if kind not in (int, float)}
        self._values = {name: array(_TYPES.get(kind, "b")) for name, kind in kinds.items()}
        encoders = [_ENCODERS.get(kind) or self._texts[name].__getitem__ for name, kind in kinds.items()]
        self._filled = [(values.append, encode) for values, encode in zip(self._values.values(), encoders, strict=True)]

    def add(self, row: Iterable[Any]) -> None:
        """Put a row's values at the ends of their columns."""
        for (append, encode), value in zip(self._filled, row, strict=True):
            append(encode(value))

    def build(self) -> pd.DataFrame:
        """Return the frame of what was added; texts are categories."""
        return pd.DataFrame({name: self._build_column(name) for name in self._values})

    def _build_column(self, name: str) -> Any:
        """Return one column's numbers or categories."""
        values = np.asarray(self._values[name])
        if name not in self._texts:
            return values
        return pd.Categorical.from_codes(values, dtype=pd.CategoricalDtype([*self._texts[name]]))


class _Places(dict[str, int]):
    """The place of each text among those of a column: those known before, and each new one that comes."""

    def __missing__(self, text: str) -> int:
        """Give a new text the next place."""
        return self.setdefault(text, len(self))


def _number(kind: Any) -> dict[str, int]:
    """Return the places of the texts that a column can hold; none where it can hold any."""
    return {} if kind is str else {text: place for place, text in enumerate(kind)}
