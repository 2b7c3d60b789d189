"""Comparisons of rows on disk, without git and DVC."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from potstill.comparing.console import describe_comparison
from potstill.comparing.contrasts import contrast
from potstill.comparing.report import compare
from potstill.comparing.revisions import Revision, SplitFiles
from potstill.core.errors import InputError
from potstill.reading.judging import JudgedQuestion
from potstill.sharing.lineage import Lineage
from tests.judged import judge
from tests.variants import answer_all, write_rows

GOOD, HALF, NONE_RIGHT = answer_all(["A"] * 40), answer_all(["A"] * 20 + ["B"] * 20), answer_all(["B"] * 40)
CHEAP, DEAR = {"input": 1, "output": 10}, {"input": 10, "output": 100}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(
    name: str,
    questions: Sequence[JudgedQuestion],
    price: dict[str, float] | None = CHEAP,
    *,
    old: bool = False,
    **teacher: str,
) -> Revision:
    """A revision of these answers, with a dvc.lock that names its params; an `old` one has the price elsewhere."""
    write_rows(Path(name), questions)
    files = {key: Path(name, key, "validation.jsonl") for key in ("requests", "responses", "answers")}
    entry = {"provider": "azure", "model": "m", **teacher, **({"price_per_million": price} if old else {})}
    params = {
        "load": {"dataset": "d", "datasets.d": {"path": "p"}},
        "prepare": {"prompt": "letter", "prompts.letter": {"system": "s", "user": "u"}},
        "infer": {"teacher": "t", "teachers.t": entry},
    }
    stages: dict[str, Any] = {stage: {"params": {"params.yaml": named}} for stage, named in params.items()}
    prices = {} if old else {"params": {"params.yaml": {"price_per_million": {"t": price} if price else {}}}}
    stages["analyze"] = {"outs": [{"path": "tables", "md5": name}], **prices}
    stages["export"] = {"deps": [{"path": path, "md5": name} for path in ("tables/measures.json", "code")]}
    Path("dvc.lock").write_text(json.dumps({"stages": stages}))
    return Revision(name, Lineage(None), {"revision": "r1"}, {"validation": SplitFiles(**files)})


def describe(*revisions: Revision) -> list[str]:
    return describe_comparison(compare(revisions, {}, ""))


@pytest.mark.parametrize(
    ("questions", "verdict"),
    [
        (HALF, "second is 50.0 points worse than first (95 % -64.8 to -32.8, p < 0.001) at about the same cost: "
         "use first."),
        (answer_all(["A"] * 40, n_choices=3), "first and second cannot be compared: they share no question (40 have "
         "the same id and another text, choices or gold)."),
        (answer_all(["A"] * 30 + ["B"] * 10 + ["A"] * 20), "second is 25.0 points worse than first (95 % -40.2 to "
         "-11.1, p = 0.002) at about the same cost: use first. Questions left out since they are not shared: 0 only "
         "in first and 20 only in second."),
        (answer_all(["A"] * 39 + ["B"]), "Too close to call on 40 questions (second less first: -2.5 points, 95 "
         "% -12.9 to 6.5, p = 1.000); about 260 would be needed to see 3 points. Either will do, at about the "
         "same cost."),
        (GOOD, "first and second give the same answers to all 40 shared questions: either will do, at about the same "
         "cost."),
    ],
    ids=["worse", "other choices", "more questions", "too close", "alike"],
)  # fmt: skip
def test_the_verdict_on_a_pair(questions: list[JudgedQuestion], verdict: str) -> None:
    assert describe(make("first", GOOD), make("second", questions))[-1] == verdict


def test_no_file_in_a_folder_that_a_stage_wrote_is_an_input() -> None:
    assert contrast(make("first", GOOD), make("second", GOOD)).phrases == ("ran with other files: code",)


def test_what_is_better_and_dearer_says_what_a_further_correct_answer_costs() -> None:
    assert describe(make("first", HALF), make("second", GOOD, DEAR))[-1] == (
        "second is 50.0 points better than first (95 % 32.8 to 64.8, p < 0.001) at 10 times the cost, 0.0036 US "
        "dollars for each further correct answer: use second where that is worth it, else first."
    )


def test_the_best_of_three_is_held_against_the_cheapest() -> None:
    lines = describe(make("half", HALF), make("best", GOOD, DEAR), make("worst", NONE_RIGHT, DEAR))
    assert lines[-1].startswith(
        "best is better than each of the others by more than chance. Against the cheapest: best is 50.0 points better "
        "than half (95 % 32.8 to 64.8, adjusted p < 0.001) at 10 times the cost, "
    )
    assert "worst is 50.0 points worse than half (95 % -64.8 to -32.8, adjusted p < 0.001) at 10 times the cost" in str(
        lines
    )


def test_of_those_that_are_too_close_to_call_the_cheapest_is_used() -> None:
    close = answer_all(["A"] * 39 + ["B"])
    lines = describe(make("dear", GOOD, DEAR), make("cheap", close), make("worst", NONE_RIGHT))
    assert lines[-1] == "Use cheap: it is the cheapest of those that are too close to call, dear and cheap."


def test_three_that_are_alike_in_accuracy_and_cost_are_all_as_good() -> None:
    revisions = [make(name, answer_all(["A"] * (40 - wrong) + ["B"] * wrong)) for wrong, name in enumerate("abc")]
    assert describe(*revisions)[-1] == (
        "Too close to call between a, b and c, the most accurate, at about the same cost."
    )


def test_an_accuracy_of_other_questions_makes_no_variant_the_better_one() -> None:
    easy = [judge(number, ["A"], question=f"Easy {number}?") for number in range(100, 400)]
    assert describe(make("easy", easy), make("half", HALF), make("none", NONE_RIGHT))[-1] == (
        "easy has the highest accuracy, but no judged question in common with another variant: there is nothing to "
        "hold it against."
    )
    lines = describe(make("mixed", [*NONE_RIGHT, *easy]), make("half", HALF), make("none", NONE_RIGHT))
    assert lines[-1] == "half is better than each of the others by more than chance: use half."


def test_without_gold_nothing_is_called_better_and_without_a_price_tokens_are_compared() -> None:
    first = [judge(number, ["A", "A", "B"], None) for number in range(3)]
    second = [judge(number, ["A", "D", "C"], None) for number in range(3)]
    lines = describe(make("first", first, None), make("second", second, None))
    assert lines[-1] == (
        "first and second cannot be judged, since no gold is known of the 3 shared questions; they answer 0 of them "
        "alike."
    )
    assert any("first: its cost is unknown, since it ran without price_per_million.t; set" in line for line in lines)
    assert any(line.split() == ["Flip", "rate", "100", "%", "0", "%"] for line in lines)
    assert describe(make("first", HALF, None), make("second", GOOD, None))[-1].endswith(
        "at about the same tokens: use second."
    )


def test_a_price_that_is_not_known_stays_unknown_where_tokens_were_not_counted() -> None:
    unmetered = answer_all(["A"] * 3)
    exchange = unmetered[0].exchanges[0]
    unmetered[0].exchanges[0] = exchange._replace(response=msgspec.structs.replace(exchange.response, usage=None))
    lines = describe(make("first", unmetered), make("second", answer_all(["A", "A", "B"])))
    assert "note: first: tokens and cost are unknown, since its endpoint counted none for some answers" in lines
    assert lines[-1].endswith("Either will do, and what they cost is unknown.")


def test_a_price_is_read_where_older_commits_have_it_and_differs_from_none_of_the_same() -> None:
    old, new = make("old", GOOD, old=True), make("new", GOOD)
    assert describe(old, new)[-1].endswith("either will do, at about the same cost.")
    assert contrast(old, new).phrases == ("ran with other files: code",)
    dear = make("dear", GOOD, DEAR)
    assert "price_per_million" in "".join(contrast(old, dear).phrases)


def test_without_a_price_of_their_own_variants_cost_what_is_listed_and_that_is_said() -> None:
    mine, listed = make("mine", GOOD), make("listed", GOOD, None, provider="openai", model="gpt-4.1")
    lines = describe(mine, listed)
    (note,) = [line for line in lines if line.startswith("note: listed: its cost is at the price of genai-prices")]
    assert note.endswith("openai's gpt-4.1")
    assert any(line.split()[-2:] == ["0.20", "0.28"] for line in lines if line.startswith("US dollars per 1,000"))


def test_one_alone_is_shown_with_the_way_to_others() -> None:
    guesser = describe(make("only", answer_all(["A", "B", "C", "D"])))
    assert guesser[-1] == (
        "There is one variant, only, and nothing to compare it with: `make variants "
        "PROMPTS=letter,chain_of_thought` makes some. It is not better than guessing."
    )


@pytest.mark.parametrize("name", ["requests", "responses", "answers"])
def test_rows_that_do_not_fit_each_other_are_left_out_with_a_sentence(name: str) -> None:
    broken: Any = make("broken", GOOD)
    file = Path("broken", name, "validation.jsonl")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(InputError, match=r"^broken: (responses|answers)/validation.jsonl: row 1: expected request"):
        compare([broken], {}, "")
    file.write_text("{}\n")
    with pytest.raises(InputError, match=rf"^broken: {name}/validation\.jsonl: line 1: "):
        compare([broken], {}, "")
    file.write_text("")
    lines = describe(broken, make("whole", GOOD))
    assert any(line.startswith("note: broken is left out: ") for line in lines)
