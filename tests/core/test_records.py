import json
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.errors import InputError
from potstill.core.letters import letter_choices
from potstill.core.records import Question, Response, Usage, read_rows, replacing, split_files, write_json, write_rows

GOOD = {
    "id": "q1",
    "question": "Where is money kept?",
    "choices": [{"label": "A", "text": "bank"}, {"label": "B", "text": "shop"}],
    "answer": "A",
    "concept": None,
}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def make_question(text: str = "Where is money kept?", answer: str | None = "A") -> Question:
    return Question(id="q1", question=text, choices=letter_choices(["bank", "shop"]), answer=answer, concept=None)


def write_lines(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


def refuse(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(read_rows(path, Question))
    return str(caught.value)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    rows = [
        Response(id="1", key="k", status="answered", content="A", usage=Usage(prompt_tokens=3, completion_tokens=1)),
        Response(id="2", key="l", status="failed", error="500", logprobs=[{"token": "A", "logprob": -0.25}]),
    ]
    assert write_rows(tmp_path / "rows.jsonl", rows) == 2
    assert list(read_rows(tmp_path / "rows.jsonl", Response)) == rows


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Où est l'école? 學校在哪裡?", id="unicode"),
        pytest.param("\N{GRINNING FACE} or \N{FAMILY}\N{ZERO WIDTH JOINER}\N{ROCKET}?", id="emoji"),
        pytest.param("one\ntwo\r\nthree\rfour", id="line ends"),
        pytest.param("a\N{LINE SEPARATOR}b\x85c\x00d", id="separators and controls"),
        pytest.param('{"a": "\\"}', id="quotes and backslashes"),
    ],
)
def test_any_text_survives_the_file(tmp_path: Path, text: str) -> None:
    write_rows(tmp_path / "rows.jsonl", [make_question(text), make_question()])
    assert [row.question for row in read_rows(tmp_path / "rows.jsonl", Question)] == [text, "Where is money kept?"]
    assert b"\\u" not in (tmp_path / "rows.jsonl").read_bytes().replace(b"\\u0000", b"")


@given(drawn=st.lists(texts, max_size=5))
def test_reading_and_writing_again_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[str]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    write_rows(path, map(make_question, drawn))
    before = path.read_bytes()
    write_rows(path, list(read_rows(path, Question)))
    assert path.read_bytes() == before
    assert before.count(b"\n") == len(drawn)


def test_a_byte_order_mark_before_the_first_line_does_no_harm(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rows.jsonl", b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert list(read_rows(path, Question)) == [make_question()]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param('{"id": "q2", "ques', '{"id": "q2", "ques', id="cut off"),
        pytest.param('["q2"]', '["q2"]', id="no object"),
        pytest.param("null", "null", id="null"),
        pytest.param("", "''", id="empty"),
        pytest.param(b'{"id": "\xff"}', r"\xff", id="no UTF-8"),
    ],
)
def test_a_broken_line_is_told_with_its_file_and_number(tmp_path: Path, line: str | bytes, shown: str) -> None:
    path = write_lines(tmp_path / "rows.jsonl", json.dumps(GOOD), line, json.dumps(GOOD))
    message = refuse(path)
    assert message.startswith(f"{path}: line 2: expected a JSON object, got ")
    assert shown in message


def test_rows_before_a_broken_line_are_given_out(tmp_path: Path) -> None:
    rows = read_rows(write_lines(tmp_path / "rows.jsonl", json.dumps(GOOD), "{"), Question)
    assert next(rows) == make_question()
    with pytest.raises(InputError, match="line 2"):
        next(rows)


@pytest.mark.parametrize(
    ("edit", "where", "got"),
    [
        pytest.param({"question": 5}, "question: expected `str`, got `int`", ": 5", id="wrong type"),
        pytest.param(
            {"choices": [{"label": "A", "text": 7}]},
            "choices.0.text: expected `str`, got `int`",
            ": 7",
            id="wrong type further in",
        ),
        pytest.param({"qestion": "typo"}, "object contains unknown field `qestion`", "", id="unknown field"),
        pytest.param(
            {"choices": [{"label": "A"}]},
            "choices.0: object missing required field `text`",
            ": {'label': 'A'}",
            id="missing field",
        ),
    ],
)
def test_a_wrong_field_is_told_with_file_line_and_name(
    tmp_path: Path, edit: dict[str, Any], where: str, got: str
) -> None:
    path = write_lines(tmp_path / "rows.jsonl", json.dumps(GOOD), json.dumps(GOOD | edit))
    message = refuse(path)
    assert message.startswith(f"{path}: line 2: {where}: ")
    assert message.endswith(got)


def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    assert refuse(path) == f"{path}: expected a file of the stage before, found none; run `make repro`"


def test_a_generator_that_fails_half_way_leaves_the_old_file_whole_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_question("old")])
    before = path.read_bytes()

    def fail_half_way() -> Iterator[Question]:
        yield from [make_question("new")] * 2000
        raise InputError("half way")

    with pytest.raises(InputError, match="half way"):
        write_rows(path, fail_half_way())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_file_leaves_no_unfinished_one_beside_it(tmp_path: Path) -> None:
    write_rows(tmp_path / "deep" / "rows.jsonl", [make_question()])
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["rows.jsonl"]


def test_json_keeps_the_order_of_keys_and_ends_with_a_line_end(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "a.json", {"b": "é", "a": [1]})
    assert (tmp_path / "deep" / "a.json").read_text(encoding="utf-8") == '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}\n'


def test_split_files_come_in_the_order_of_the_splits_and_nothing_else(tmp_path: Path) -> None:
    for name in ("validation.jsonl", "train.jsonl", "other.jsonl", "source.json"):
        (tmp_path / name).touch()
    assert [file.name for file in split_files(tmp_path)] == ["train.jsonl", "validation.jsonl"]


def test_a_folder_without_split_files_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected files of the stage before, found none; run `make repro`"):
        split_files(tmp_path / "requests")


def test_two_processes_that_write_one_file_at_once_are_both_right_and_the_last_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    write_it = "import sys; from pathlib import Path; from potstill.core.records import write_json; "

    with replacing(path) as unfinished:
        unfinished.write_text("ours")
        other = [sys.executable, "-c", write_it + "write_json(Path(sys.argv[1]), 'theirs')", str(path)]
        subprocess.run(other, check=True, cwd=Path(__file__).parents[2])
        assert path.read_text() == '"theirs"\n'

    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_leaves_is_no_part_of_an_output(tmp_path: Path) -> None:
    unfinished = unfinished_name(tmp_path / "train.jsonl")
    root = Path(__file__).parents[2]
    for ignored in (".gitignore", ".dvcignore"):
        patterns = (root / ignored).read_text().splitlines()
        assert any(fnmatch(unfinished, pattern) for pattern in patterns), ignored


def unfinished_name(path: Path) -> str:
    """The name that a file has while it is written."""
    with replacing(path) as unfinished:
        unfinished.touch()
    return unfinished.name
