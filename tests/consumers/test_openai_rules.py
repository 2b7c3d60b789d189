"""OpenAI's rules for rows of chat refuse what breaks each of them."""

import json
from pathlib import Path

import pytest

from tests.consumers.openai_rules import find_violations

SYSTEM = {"role": "system", "content": "Reply with one letter."}
USER = {"role": "user", "content": "A or B?"}
ASSISTANT = {"role": "assistant", "content": "A"}
GOOD = {"messages": [SYSTEM, USER, ASSISTANT]}


def write(folder: Path, rows: list[object]) -> Path:
    file = folder / "train.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_rows_as_documented_break_no_rule(tmp_path: Path) -> None:
    assert find_violations(write(tmp_path, [GOOD] * 9 + [{"messages": [USER, ASSISTANT]}])) == []


def test_fewer_than_ten_rows_are_too_few(tmp_path: Path) -> None:
    assert find_violations(write(tmp_path, [GOOD] * 9)) == ["9 rows, expected at least 10"]


@pytest.mark.parametrize(
    ("row", "violation"),
    [
        pytest.param([USER], "expected a list `messages` and nothing else", id="no object"),
        pytest.param(GOOD | {"id": "q1"}, "expected a list `messages` and nothing else", id="another column"),
        pytest.param({"messages": []}, "the last message is not the assistant's", id="no message"),
        pytest.param({"messages": [SYSTEM, USER]}, "the last message is not the assistant's", id="no answer"),
        pytest.param(
            {"messages": [USER | {"id": 1}, ASSISTANT]},
            "expected role and content in a message, got ['content', 'id', 'role']",
            id="another key",
        ),
        pytest.param({"messages": [USER | {"role": "human"}, ASSISTANT]}, "unknown role 'human'", id="role"),
        pytest.param({"messages": [USER, ASSISTANT | {"content": " "}]}, "empty content of assistant", id="empty"),
        pytest.param({"messages": [USER, ASSISTANT | {"content": None}]}, "empty content of assistant", id="null"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, row: object, violation: str) -> None:
    assert find_violations(write(tmp_path, [GOOD] * 10 + [row])) == [f"row 10: {violation}"]


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, [GOOD] * 10)
    file.write_text(file.read_text() + "{'messages'\n")
    assert find_violations(file) == ["row 10: not JSON"]
