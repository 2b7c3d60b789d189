"""A training set is refused that students cannot, or may not, learn from."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from potstill.core.letters import letter_choices
from potstill.core.records import Message, Request, write_json, write_rows
from student.check import main
from tests.project import ROOT

TEXT = "Question: 3 x 4 = ?\nAnswer Choices:\nA. 12\nB. 7\nAnswer:"
SYSTEM = "Reply with one letter only."


def make_row(text: str, system: str | None = None) -> dict:
    before = [{"role": "system", "content": system}] if system else []
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "A"}]
    return {"messages": [*before, *messages]}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the stage over rows of messages, where TEXT is asked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "student").mkdir()
    (tmp_path / "student/params.yaml").write_bytes((ROOT / "student/params.yaml").read_bytes())

    def run(rows: list[dict], messages: list[Message], **manifest: object) -> tuple[int, str]:
        choices = letter_choices(["12", "7"])
        write_rows(
            Path("requests/validation.jsonl"), [Request("v1:0:0", "v1", "3 x 4 = ?", choices, "A", 0, 0, messages)]
        )
        Path("export/messages").mkdir(parents=True)
        Path("export/messages/train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        settings = {"prompt": {"system": SYSTEM}, "export": {"include_system": True}, "gates_failed": []}
        write_json(Path("export/manifest.json"), settings | manifest)
        paths = ["--export", "export", "--requests", "requests", "--checked", "checked.json"]
        done = CliRunner().invoke(main, ["--kind", "chat", *paths])
        return done.exit_code, done.output

    return run


USER = [Message("system", SYSTEM), Message("user", TEXT)]
IN_SYSTEM = [Message("system", TEXT), Message("user", "Answer:")]


@pytest.mark.parametrize(
    ("row", "asked", "leaks"),
    [
        (make_row(TEXT), USER, True),
        (make_row(TEXT.replace("A. 12\nB. 7", "A. 7\nB. 12")), USER, True),
        ({"messages": [*make_row(TEXT)["messages"], *make_row(TEXT.replace("3", "5"))["messages"]]}, USER, True),
        (make_row("Answer:", TEXT), IN_SYSTEM, True),
        (make_row(TEXT.replace("3", "13")), USER, False),
        (make_row(TEXT.replace("12", "13")), USER, False),
        (make_row("Answer:", TEXT.replace("3", "13")), IN_SYSTEM, False),
    ],
    ids=[
        "the same",
        "turned",
        "a worked example",
        "in the system message",
        "another",
        "another option",
        "another there",
    ],
)
def test_a_question_that_students_are_judged_by_is_found_among_the_rows(check, row, asked, leaks) -> None:
    code, words = check([make_row("Hello"), row], asked)
    assert code == int(leaks)
    assert ("row 2 puts the question v1, by which students are judged" in words) == leaks
    assert Path("checked.json").exists() != leaks


def test_students_are_not_asked_with_a_system_message_that_they_were_not_trained_with(check) -> None:
    code, words = check([make_row("Hello")], USER, export={"include_system": False})
    assert code == 1
    assert "set export.include_system in params.yaml to true" in words
