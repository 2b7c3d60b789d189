from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from potstill.core.catalogues import Columns
from potstill.core.errors import InputError
from potstill.core.records import Question
from potstill.questions.schemas import BadRow, find_adapter, to_questions

COMMONSENSE_QA = {
    "id": "075e48",
    "question": "Where do you put your grapes just before checking out?",
    "question_concept": "grapes",
    "choices": {"label": ["A", "B", "C"], "text": ["mouth", "grocery cart", "fruit basket"]},
    "answerKey": "B",
}
ARC = {
    "id": "Mercury_417466",
    "question": "Which factor will most likely cause a person to develop a fever?",
    "choices": {"text": ["a leg muscle", "a bacterial population", "blood", "food"], "label": ["1", "2", "3", "4"]},
    "answerKey": "2",
}
MMLU = {
    "question": "What is the degree of the given field extension?",
    "subject": "abstract_algebra",
    "choices": ["0", "4", "2", "6"],
    "answer": 1,
}
OPENBOOK_QA = {
    "id": "7-980",
    "question_stem": "The sun is responsible for",
    "choices": {"text": ["puppies learning tricks", "plants sprouting"], "label": ["A", "B"]},
    "answerKey": "B",
}
HELLASWAG = {
    "ind": 4,
    "activity_label": "Removing ice from car",
    "ctx": "Then, the man writes over the snow. then",
    "endings": [", the man adds wax.", ", the man continues.", ", a man goes back."],
    "label": "1",
    "source_id": "activitynet~v_-1IBHYS3L-Y",
}
FLAT = {
    "number": 7,
    "prompt": "Which is a fruit?",
    "a": "pear",
    "b": "chair",
    "c": "door",
    "gold": "A",
    "topic": "food",
}
FLAT_COLUMNS = Columns(question="prompt", choices=["a", "b", "c"], answer="gold", id="number", concept="topic")


def adapt(
    rows: Iterable[dict[str, Any]], columns: Columns | None = None, positions: list[int] | None = None
) -> list[Question | BadRow]:
    rows = list(rows)
    id_column = (columns and columns.id) or "id"
    adapter = find_adapter(list(rows[0]), columns)
    return list(to_questions(rows, adapter, "train", positions or list(range(len(rows))), id_column))


def adapt_one(row: dict[str, Any], columns: Columns | None = None) -> Question:
    (question,) = adapt([row], columns)
    assert isinstance(question, Question), question
    return question


def refuse_one(row: dict[str, Any], columns: Columns | None = None) -> BadRow:
    (bad,) = adapt([row], columns)
    assert isinstance(bad, BadRow), bad
    return bad


def with_choices(*texts: object) -> dict[str, Any]:
    return COMMONSENSE_QA | {"choices": {"label": list(range(len(texts))), "text": list(texts)}, "answerKey": 0}


@pytest.mark.parametrize(
    ("row", "id_", "concept"),
    [
        pytest.param(COMMONSENSE_QA, "075e48", "grapes", id="CommonsenseQA"),
        pytest.param(ARC, "Mercury_417466", None, id="ARC with numbers"),
        pytest.param(MMLU, "train-0", "abstract_algebra", id="MMLU"),
        pytest.param(OPENBOOK_QA, "7-980", None, id="OpenBookQA"),
        pytest.param(HELLASWAG, "train-0", "Removing ice from car", id="HellaSwag"),
    ],
)
def test_a_known_schema_becomes_a_question(row: dict[str, Any], id_: str, concept: str | None) -> None:
    question = next(row[name] for name in ("question", "question_stem", "ctx") if name in row)
    choices = row.get("endings") or row["choices"]
    texts = choices["text"] if isinstance(choices, dict) else choices
    found = adapt_one(row)
    assert (found.id, found.question, found.answer, found.concept) == (id_, question, "B", concept)
    assert [(choice.label, choice.text) for choice in found.choices] == list(zip("ABCDE", texts, strict=False))


@pytest.mark.parametrize(
    ("labels", "gold", "answer"),
    [
        pytest.param(["C", "A", "B"], "A", "B", id="labels out of order"),
        pytest.param(["a", "b", "c"], "B", "B", id="case"),
        pytest.param([" A", "B ", "C"], " b ", "B", id="blanks"),
        pytest.param([1, 2, 3], 3, "C", id="integers"),
        pytest.param([0, 1, 2], "0", "A", id="from nought"),
    ],
)
def test_gold_is_the_place_of_its_label(labels: list[object], gold: object, answer: str) -> None:
    row = COMMONSENSE_QA | {"choices": {"label": labels, "text": ["x", "y", "z"]}, "answerKey": gold}
    assert adapt_one(row).answer == answer


@pytest.mark.parametrize(
    ("row", "column", "kept_back"),
    [
        pytest.param(COMMONSENSE_QA, "answerKey", "", id="CommonsenseQA, empty"),
        pytest.param(MMLU, "answer", None, id="MMLU, null"),
        pytest.param(MMLU, "answer", -1, id="MMLU, -1"),
        pytest.param(HELLASWAG, "label", "-1", id="HellaSwag, -1"),
    ],
)
def test_a_gold_that_is_kept_back_is_none_and_no_bad_row(row: dict[str, Any], column: str, kept_back: object) -> None:
    assert adapt_one(row | {column: kept_back}).answer is None


@pytest.mark.parametrize(
    ("answer_is", "gold"),
    [
        pytest.param("label", "B", id="label"),
        pytest.param("label", "b", id="small label"),
        pytest.param("index", 1, id="index"),
        pytest.param("index", "1", id="index as text"),
        pytest.param("index", 1.0, id="index as a fraction"),
        pytest.param("text", "chair", id="text"),
        pytest.param("text", " chair ", id="text with blanks"),
    ],
)
def test_columns_say_where_the_parts_stand_and_what_the_answer_is(answer_is: str, gold: object) -> None:
    columns = Columns.model_validate(FLAT_COLUMNS.model_dump() | {"answer_is": answer_is})
    found = adapt_one(FLAT | {"gold": gold}, columns)
    assert (found.id, found.question, found.answer, found.concept) == ("7", "Which is a fruit?", "B", "food")
    assert [choice.text for choice in found.choices] == ["pear", "chair", "door"]


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param(["x", "y"], id="a list of texts"),
        pytest.param({"label": ["A", "B"], "text": ["x", "y"]}, id="labels and texts"),
        pytest.param([{"label": "yes", "text": "x"}, {"label": "B", "text": "y"}], id="a list of label and text"),
    ],
)
def test_one_column_may_hold_the_choices_in_any_form(choices: object) -> None:
    columns = Columns(question="q", choices="options", answer="gold")
    found = adapt_one({"q": "Which?", "options": choices, "gold": "B"}, columns)
    assert [choice.text for choice in found.choices] == ["x", "y"]
    assert found.answer == "B"


@pytest.mark.parametrize("empty", [None, ""], ids=["null", "empty"])
def test_the_last_ones_of_several_choice_columns_may_be_empty(empty: str | None) -> None:
    assert len(adapt_one(FLAT | {"c": empty}, FLAT_COLUMNS).choices) == 2


def test_columns_without_an_answer_keep_gold_back() -> None:
    columns = Columns(question="prompt", choices=["a", "b"])
    assert adapt_one(FLAT, columns).answer is None


def test_columns_go_before_a_schema_that_is_recognised() -> None:
    columns = Columns(question="question_concept", choices="choices", answer="answerKey")
    assert adapt_one(COMMONSENSE_QA, columns).question == "grapes"


def test_a_number_is_a_choice_too() -> None:
    assert [choice.text for choice in adapt_one(FLAT | {"a": 0, "b": 4}, FLAT_COLUMNS).choices] == ["0", "4", "door"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(COMMONSENSE_QA | {"question": None}, "it has no question", id="no question"),
        pytest.param(COMMONSENSE_QA | {"question": "  "}, "it has no question", id="blank question"),
        pytest.param(with_choices("only"), "expected 2 to 26 choices, got 1", id="1 choice"),
        pytest.param(with_choices(*map(str, range(27))), "expected 2 to 26 choices, got 27", id="27 choices"),
        pytest.param(with_choices("x", " ", "z"), "choice 2 of 3 is empty", id="blank choice"),
        pytest.param(with_choices("x", "y", None), "choice 3 of 3 is empty", id="null choice"),
        pytest.param(with_choices("x", "y", "y"), "choices 2 and 3 are the same: 'y'", id="a choice twice"),
        pytest.param(
            with_choices("x y", "z", "x \n y"), r"choices 1 and 3 are the same: 'x \n y'", id="twice but for blanks"
        ),
        pytest.param(
            with_choices("x", datetime(2020, 1, 1), "z"),
            "choice 2 was read as the date 2020-01-01 00:00:00, and its own spelling is lost: use CSV",
            id="a choice that the JSON reader took for a date",
        ),
        pytest.param(
            COMMONSENSE_QA | {"answerKey": "E"}, "its answer 'E' is not among the labels A, B, C", id="gold not there"
        ),
        pytest.param(
            COMMONSENSE_QA | {"choices": {"label": ["A", "B", "a"], "text": ["x", "y", "z"]}},
            "its labels A, B, A are not all different",
            id="a label twice",
        ),
        pytest.param(
            COMMONSENSE_QA | {"choices": {"label": ["A", "B"], "text": ["x", "y", "z"]}},
            "its choices have not as many labels as texts",
            id="fewer labels than texts",
        ),
        pytest.param(
            COMMONSENSE_QA | {"choices": {"label": "AB", "text": "xy"}},
            "its choices have not as many labels as texts",
            id="texts instead of lists of them",
        ),
        pytest.param(MMLU | {"choices": "A) 0"}, "its choices are no list, but 'A) 0'", id="a text instead of choices"),
        pytest.param(MMLU | {"answer": 4}, "its answer 4 is no position from 0 to 3", id="index too high"),
        pytest.param(MMLU | {"answer": -2}, "its answer -2 is no position from 0 to 3", id="index below nought"),
        pytest.param(MMLU | {"answer": "B"}, "its answer 'B' is no position from 0 to 3", id="index that is a letter"),
        pytest.param(
            MMLU | {"answer": 1.5}, "its answer 1.5 is no position from 0 to 3", id="index that is a fraction"
        ),
        pytest.param(MMLU | {"answer": True}, "its answer True is no position from 0 to 3", id="index that is a truth"),
        pytest.param(HELLASWAG | {"endings": None}, "its choices are no list, but None", id="no endings"),
    ],
)
def test_a_row_that_cannot_be_a_question_is_a_bad_row_with_its_reason(row: dict[str, Any], reason: str) -> None:
    assert refuse_one(row) == BadRow(position=0, id=row.get("id"), reason=reason)


@pytest.mark.parametrize(
    ("edit", "answer_is", "reason"),
    [
        pytest.param(
            {"gold": "plum"},
            "text",
            "its answer 'plum' is the text of 0 of its choices, expected 1",
            id="text not there",
        ),
        pytest.param(
            {"b": "pear", "gold": "pear"},
            "text",
            "its answer 'pear' is the text of 2 of its choices, expected 1",
            id="text of two choices",
        ),
        pytest.param({"b": None}, "label", "choice 2 of 3 is empty", id="gap among the choice columns"),
    ],
)
def test_a_bad_row_of_mapped_columns_is_named_by_the_id_column(
    edit: dict[str, Any], answer_is: str, reason: str
) -> None:
    columns = Columns.model_validate(FLAT_COLUMNS.model_dump() | {"answer_is": answer_is})
    assert refuse_one(FLAT | edit, columns) == BadRow(position=0, id="7", reason=reason)


def test_a_row_with_the_id_of_an_earlier_good_one_is_bad() -> None:
    bad, good, again = adapt([ARC | {"question": ""}, ARC, ARC])
    assert isinstance(bad, BadRow)
    assert isinstance(good, Question)
    assert again == BadRow(position=2, id="Mercury_417466", reason="its id was there before")


def test_rows_are_placed_by_their_position_in_the_split() -> None:
    good, bad = adapt([MMLU, MMLU | {"question": ""}], positions=[40, 7])
    assert isinstance(good, Question)
    assert good.id == "train-40"
    assert bad == BadRow(position=7, id=None, reason="it has no question")
    assert bad.describe(50) == "row 8 of 50: it has no question"


def test_an_unknown_schema_is_told_with_its_columns() -> None:
    with pytest.raises(InputError, match=r"columns stem, options fit no known schema; say .* with `columns:`"):
        find_adapter(["stem", "options"], None)


@pytest.mark.parametrize(
    "edit", [{"question": "stem"}, {"choices": "stem"}, {"choices": ["a", "stem"]}, {"concept": "stem"}], ids=str
)
def test_a_mapped_column_that_is_not_there_is_told_with_those_that_are(edit: dict[str, Any]) -> None:
    columns = Columns.model_validate(FLAT_COLUMNS.model_dump() | edit)
    with pytest.raises(InputError) as caught:
        find_adapter(list(FLAT), columns)
    assert str(caught.value) == (
        "columns: expected one of 'a', 'b', 'c', 'gold', 'number', 'prompt', 'topic', got 'stem'"
    )
