"""From a row in a dataset's own schema to a Question. No I/O."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from potstill.core.catalogues import Columns
from potstill.core.errors import InputError
from potstill.core.letters import LETTERS, letter_choices
from potstill.core.records import Question
from potstill.core.seen import Seen

SourceRow = Mapping[str, object]


class Parts(NamedTuple):
    """What an adapter finds in a row; `gold` is a position in `texts`, or None where the dataset keeps it back."""

    question: object
    texts: Sequence[object]
    gold: int | None
    id: object = None
    concept: object = None


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be a Question: where it stands in its split, its id if it has one, and why."""

    position: int
    id: str | None
    reason: str

    def describe(self, rows: int) -> str:
        """Return which of so many rows of its split it is, counted from 1, its id, and what is wrong with it."""
        identity = "" if self.id is None else f", id {self.id!r}"
        return f"row {self.position + 1} of {rows}{identity}: {self.reason}"


Adapter = Callable[[SourceRow], Parts]


def find_adapter(column_names: Sequence[str], columns: Columns | None) -> Adapter:
    """Return the adapter for the columns that a dataset has; raise InputError if none fits."""
    present = set(column_names)
    if columns is not None:
        return _mapped_adapter(columns, present)
    for needed, adapter in SCHEMAS:
        if needed <= present:
            return adapter
    raise InputError(
        f"columns {', '.join(column_names)} fit no known schema; say where the parts stand with `columns:`"
    )


def to_questions(
    rows: Iterable[SourceRow], adapter: Adapter, split: str, positions: Sequence[int], id_column: str = "id"
) -> Iterator[Question | BadRow]:
    """Yield each row as a Question or a BadRow; `positions` say where the rows stand in their split.

    A bad row is named by its `id_column`, since the adapter may have failed before it came to the id. Labels become
    A, B, C, ... in the row's order. A row without an id is named after its split and position.
    """
    seen = Seen(len(positions))
    for row, position in zip(rows, positions, strict=True):
        identity = row.get(id_column)
        try:
            parts = adapter(row)
            question = _to_question(parts, f"{split}-{position}")
            if not seen.add(question.id):
                raise ValueError("its id was there before")
        except ValueError as error:
            yield BadRow(position, None if identity is None else str(identity), str(error))
        else:
            yield question


def _to_question(parts: Parts, fallback_id: str) -> Question:
    """Return the Question that the parts make; raise ValueError if a part is missing or wrong."""
    if not isinstance(parts.question, str) or not parts.question.strip():
        raise ValueError("it has no question")
    _check_texts(parts.texts)
    return Question(
        id=fallback_id if parts.id in (None, "") else str(parts.id),
        question=parts.question,
        choices=letter_choices([str(text) for text in parts.texts]),
        answer=None if parts.gold is None else LETTERS[parts.gold],
        concept=None if parts.concept in (None, "") else str(parts.concept),
    )


def _check_texts(texts: Sequence[object]) -> None:
    """Raise ValueError if a choice is empty or no text, or is shown as another one is."""
    shown = [" ".join(str(text).split()) for text in texts]
    if all(shown) and len(set(shown)) == len(shown) and set(map(type, texts)) == {str}:
        return  # as nearly all do, so that only the others are looked at one by one
    for number, text in enumerate(texts, start=1):
        first = shown.index(shown[number - 1]) + 1
        if text is None or not shown[number - 1]:
            raise ValueError(f"choice {number} of {len(texts)} is empty")
        if isinstance(text, date):
            raise ValueError(f"choice {number} was read as the date {text}, and its own spelling is lost: use CSV")
        if first < number:
            raise ValueError(f"choices {first} and {number} are the same: {text!r}")


def _labelled(row: SourceRow) -> Parts:
    """CommonsenseQA, ARC, OpenBookQA: choices with labels and texts, the gold label in answerKey ("" = kept back)."""
    labels, texts = _labels_and_texts(row["choices"])
    return Parts(
        question=row["question_stem"] if "question_stem" in row else row["question"],
        texts=texts,
        gold=_gold_by_label(row["answerKey"], labels),
        id=row.get("id"),
        concept=row.get("question_concept"),
    )


def _mmlu(row: SourceRow) -> Parts:
    """MMLU: a list of choices, the gold's position from 0 in answer."""
    texts = _texts(row["choices"])
    return Parts(row["question"], texts, _gold_by_index(row["answer"], texts), row.get("id"), row.get("subject"))


def _hellaswag(row: SourceRow) -> Parts:
    """HellaSwag: a context, four endings, the gold's position from 0 as a string in label ("" = kept back)."""
    texts = _texts(row["endings"])
    return Parts(row["ctx"], texts, _gold_by_index(row["label"], texts), None, row.get("activity_label"))


SCHEMAS: tuple[tuple[set[str], Adapter], ...] = (
    ({"question_stem", "choices", "answerKey"}, _labelled),
    ({"question", "choices", "answerKey"}, _labelled),
    ({"question", "choices", "answer"}, _mmlu),
    ({"ctx", "endings", "label"}, _hellaswag),
)


def _mapped_adapter(columns: Columns, present: set[str]) -> Adapter:
    """Return the adapter that `columns` in params.yaml describes; raise InputError if a column is not there."""
    choice_columns = [columns.choices] if isinstance(columns.choices, str) else columns.choices
    for name in (columns.question, *choice_columns, columns.answer, columns.id, columns.concept):
        if name is not None and name not in present:
            raise InputError(f"columns: expected one of {', '.join(map(repr, sorted(present)))}, got {name!r}")

    def adapt(row: SourceRow) -> Parts:
        if isinstance(columns.choices, str):
            labels, texts = _labels_and_texts(row[columns.choices])
        else:
            # A question with fewer choices than there are columns leaves its last ones empty.
            texts = [row[name] for name in columns.choices]
            while texts and texts[-1] in (None, ""):
                texts.pop()
            labels = list(LETTERS[: len(texts)])
        gold = None if columns.answer is None else row[columns.answer]
        return Parts(
            question=row[columns.question],
            texts=texts,
            gold=GOLD_FINDERS[columns.answer_is](gold, labels, texts),
            id=row[columns.id] if columns.id else None,
            concept=row[columns.concept] if columns.concept else None,
        )

    return adapt


def _labels_and_texts(choices: object) -> tuple[Sequence[object], Sequence[object]]:
    """Read {label: [...], text: [...]}, a list of {label, text}, or a list of texts, which get letters."""
    if isinstance(choices, dict) and {"label", "text"} <= choices.keys():
        labels, texts = choices["label"], choices["text"]
        if not isinstance(labels, list) or not isinstance(texts, list) or len(labels) != len(texts):
            raise ValueError("its choices have not as many labels as texts")
        return labels, texts
    texts = _texts(choices)
    if texts and all(isinstance(choice, dict) and {"label", "text"} <= choice.keys() for choice in texts):
        return [choice["label"] for choice in texts], [choice["text"] for choice in texts]
    return list(LETTERS[: len(texts)]), texts


def _texts(choices: object) -> Sequence[Any]:
    """Return a list of choices as it is; raise ValueError if it is no list."""
    if not isinstance(choices, list):
        raise ValueError(f"its choices are no list, but {choices!r:.60}")
    return choices


def _gold_by_label(gold: object, labels: Sequence[object]) -> int | None:
    """Find the gold label, a letter in any case or a number; None where it is kept back."""
    if gold in (None, ""):
        return None
    names = [str(label).strip().upper() for label in labels]
    name = str(gold).strip().upper()
    if len(set(names)) < len(names):
        raise ValueError(f"its labels {', '.join(names)} are not all different")
    if name not in names:
        raise ValueError(f"its answer {gold!r} is not among the labels {', '.join(names)}")
    return names.index(name)


def _gold_by_index(gold: object, texts: Sequence[object]) -> int | None:
    """Read a position from 0, an integer or its digits; None where it is kept back (-1 in some test splits)."""
    if gold in (None, "", -1, "-1"):
        return None
    if isinstance(gold, float) and gold.is_integer():  # a CSV column of integers with gaps
        gold = int(gold)
    if not str(gold).isdecimal() or int(str(gold)) >= len(texts):
        raise ValueError(f"its answer {gold!r} is no position from 0 to {len(texts) - 1}")
    return int(str(gold))


def _gold_by_text(gold: object, texts: Sequence[object]) -> int | None:
    """Find the one choice with the gold's text; None where it is kept back."""
    if gold in (None, ""):
        return None
    matches = [index for index, text in enumerate(texts) if str(text).strip() == str(gold).strip()]
    if len(matches) != 1:
        raise ValueError(f"its answer {gold!r} is the text of {len(matches)} of its choices, expected 1")
    return matches[0]


GOLD_FINDERS: dict[str, Callable[[object, Sequence[object], Sequence[object]], int | None]] = {
    "label": lambda gold, labels, _: _gold_by_label(gold, labels),
    "index": lambda gold, _, texts: _gold_by_index(gold, texts),
    "text": lambda gold, _, texts: _gold_by_text(gold, texts),
}
