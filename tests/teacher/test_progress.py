import pytest

from potstill.core.records import Usage
from potstill.teacher.counts import RequestCounts
from potstill.teacher.progress import Progress


def test_a_line_comes_every_so_often_also_while_nothing_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    often, seldom = (Progress("gpt", RequestCounts(8, 8, 2), line_s) for line_s in (0, 10))

    for _ in range(2):
        often.show(None)
        seldom.show(None)

    line = "gpt: 0 of 6 rows, no answer yet; 0 asked, 2 found, 0 failed, 0 tokens"
    assert capsys.readouterr().err.splitlines() == [line] * 2


def test_a_line_has_speed_tokens_and_cost() -> None:
    progress = Progress("gpt", RequestCounts(6, 6))
    for _ in range(2):
        progress.add_answer(Usage(prompt_tokens=11, completion_tokens=3), 0.25)
    progress.add_failure(0.25)

    rows, counts = progress.describe().split("; ")
    assert rows.startswith("gpt: 3 of 6 rows, ")
    assert rows.endswith("rows/s, 0 s left")
    assert counts == "2 asked, 0 found, 1 failed, 28 tokens, 0.25 USD"
