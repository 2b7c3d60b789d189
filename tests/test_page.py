import dataclasses
import html
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import islice
from typing import Any, get_args

import pytest

from stages.quality.figures import Picture
from stages.quality.page import Report, interval, percent, render_page, tell_verdict
from stages.quality.statistics import split_metrics
from stages.quality.tables import Judged, frame_splits
from stages.records import Answer, Outcome, Request, Response

HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' {{ 7 * 7 }} \N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m"
Rows = list[tuple[str | None, str | None]]


def judge(split: str, rows: Rows, *, text: str = "What is it?", n_choices: int = 4) -> Judged:
    """Make a split of (gold, answer) rows, one question each."""
    choices = [{"label": letter, "text": text} for letter in "ABCDEFGHIJ"[:n_choices]]
    requests, responses, answers = [], [], []
    for number, (gold, answer) in enumerate(rows):
        name, outcome = f"q{number}", "correct" if answer == gold else "wrong" if gold else "unjudged"
        outcome = outcome if answer else "unparsed"
        shown = {"question": text, "choices": choices, "answer": gold, "rotation": 0, "replicate": 0}
        messages = [{"role": "user", "content": text}]
        requests.append(Request.model_validate({"id": name, "question_id": name, "messages": messages, **shown}))
        unknown = dict.fromkeys(("reasoning", "finish_reason", "model", "usage", "logprobs", "error"))
        came = {"id": name, "key": name, "status": "answered", "content": text}
        responses.append(Response.model_validate({**unknown, **came}))
        judged = {"answer": answer, "outcome": outcome}
        shares = {"confidence": 1.0 if answer else None, "distribution": {answer: 1.0} if answer else {}}
        reading = {"request_id": name, **judged}
        answers.append(Answer.model_validate({"question_id": name, "readings": [reading], **judged, **shares}))
    return Judged(split, requests, responses, answers)


def report_on(*splits: Judged, unread_sample: int = 20) -> Report:
    frames = frame_splits(splits, unread_sample)
    metrics = {judged.split: split_metrics(*frames.of_split(judged.split)) for judged in splits}
    pictures = {judged.split: {"confusion": Picture(b"<svg/>", b"")} for judged in splits}
    return Report("smollm2", {"Data set": "bundled"}, splits[0].requests[:1], metrics, frames, pictures)


def rows_of(page: str) -> dict[str, list[str]]:
    """Return the cells of each table row by the name in its header."""
    rows = re.findall(
        r'<tr><th scope="row">(.*?)(?:<small>.*?)?</th>(.*?)</tr>', html.unescape(page).replace("\xa0", " ")
    )
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in rows}


def verdict_on(judged: Judged) -> str:
    report = report_on(judged)
    return tell_verdict("smollm2", judged.split, report.metrics[judged.split], report.frames).replace("\xa0", " ")


class Elements(HTMLParser):
    """Collects a page's elements and texts; refuses an element that is closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(
            [("A", "C")] * 6 + [("C", "C")] * 2,
            "smollm2 answers 25 % of the 8 train questions rightly (95 % interval 7-59 %); guessing would give 25 %, "
            "inside that interval. It answers C in 100 % of rows; gold is C in 25 %.",
            id="no better than guessing",
        ),
        pytest.param(
            [("A", "A")] * 20,
            "smollm2 answers 100 % of the 20 train questions rightly (95 % interval 84-100 %); guessing would give "
            "25 %, below that interval. It answers A in 100 % of rows; gold is A in 100 %.",
            id="better",
        ),
        pytest.param(
            [("A", "B")] * 30 + [("A", None)] * 10,
            "smollm2 answers 0 % of the 40 train questions rightly (95 % interval 0-9 %); guessing would give 25 %, "
            "above that interval. It answers B in 75 % of rows; gold is B in 0 %. In 10 of 40 rows no letter could be "
            "read.",
            id="worse, and unread rows",
        ),
        pytest.param(
            [(None, "B"), (None, "B"), (None, "A")],
            "smollm2 cannot be judged on 3 train questions without a gold answer. It answers B in 67 % of rows.",
            id="no gold",
        ),
        pytest.param(
            [("A", "A"), (None, "B"), (None, "B")],
            "smollm2 answers 100 % of the 1 train question with a gold answer rightly (95 % interval 21-100 %); "
            "guessing would give 25 %, inside that interval. It answers B in 67 % of rows; gold is B in 0 %.",
            id="gold in part",
        ),
        pytest.param(
            [("A", "B"), ("B", "D"), ("D", "D"), ("A", "B")],
            "smollm2 answers 25 % of the 4 train questions rightly (95 % interval 5-70 %); guessing would give 25 %, "
            "inside that interval. It answers B and D in 50 % of rows each; gold is B in 25 % and D in 25 %.",
            id="two favourites",
        ),
        pytest.param(
            [(None, "C"), (None, "B"), (None, "A"), (None, None)],
            "smollm2 cannot be judged on 4 train questions without a gold answer. It answers A, B and C in 25 % of "
            "rows each. In 1 of 4 rows no letter could be read.",
            id="three favourites and no gold",
        ),
        pytest.param(
            [("A", None)],
            "smollm2 answers 0 % of the 1 train question rightly (95 % interval 0-79 %); guessing would give 25 %, "
            "inside that interval. Of 1 row, none has a letter that could be read.",
            id="nothing read",
        ),
        pytest.param([], "There are no train questions.", id="no questions"),
    ],
)
def test_verdict_in_words(rows: Rows, told: str) -> None:
    assert verdict_on(judge("train", rows)).replace("\N{EN DASH}", "-") == told


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0 %"), (0.001, "<1 %"), (0.006, "1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.999, ">99 %"), (1, "100 %")],
)
def test_percent_never_rounds_to_all_or_nothing(share: float, told: str) -> None:
    assert percent(share) == told.replace(" ", "\xa0")


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        pytest.param(0.25, 0.5, "25-50 %", id="usual"),
        pytest.param(0, 0.004, "0-<1 %", id="from nothing"),
        pytest.param(0.001, 0.032, "<1-3 %", id="from nearly nothing"),
        pytest.param(0.996, 1, ">99-100 %", id="up to all"),
        pytest.param(0.968, 0.999, "97->99 %", id="up to nearly all"),
    ],
)
def test_interval_never_rounds_to_all_or_nothing(low: float, high: float, told: str) -> None:
    assert interval(low, high) == told.replace("-", "\N{EN DASH}").replace(" ", "\xa0")


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_unknown_numbers_are_a_dash(unknown: float | None) -> None:
    assert percent(unknown) == "\N{EM DASH}"
    assert interval(unknown, unknown) == "\N{EM DASH}"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("A", "C"), ("B", None)], id="usual"),
        pytest.param([(None, "C")], id="no gold"),
        pytest.param([("A", None)], id="nothing read"),
        pytest.param([], id="no questions"),
    ],
)
def test_page_is_well_formed_and_asks_for_nothing(rows: Rows) -> None:
    page = render_page(report_on(judge("train", rows), judge("validation", [("A", "A")])))
    elements = Elements(page).elements
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in elements}
    addresses = [value for _, given in elements for name, value in given.items() if name in ("src", "href", "srcset")]
    assert len(addresses) == 2
    assert all(address and address.startswith("data:image/svg+xml;base64,") for address in addresses)
    policy = next(given["content"] for _, given in elements if given.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert policy.startswith("default-src 'none'")
    assert "url(" not in page
    assert not {"nan", "None", "NaN"} & {text.strip() for text in Elements(page).texts}


def words_for(*names: str, rows: Rows) -> list[str]:
    """Return the texts that stand for the named figures of these rows."""
    report = report_on(judge("train", rows))
    pictures = {"train": dict.fromkeys(names, Picture(b"<svg/>", b""))}
    images = [
        given for tag, given in Elements(render_page(replace(report, pictures=pictures))).elements if tag == "img"
    ]
    return [str(image["alt"]).replace("\xa0", " ") for image in images]


def test_every_figure_has_words() -> None:
    names = ["answers_per_letter", "actual_against_expected", "confusion", "answer_by_type", "answer_by_length"]
    assert words_for(*names, rows=[("A", "C"), ("B", "C"), ("B", None)]) == [
        "Bars: rows by letter answered. C 2, none 1.",
        "Grouped bars: shares of the 2 rows with a letter and gold. Answered: C 100 %. Gold: A 50 %, B 50 %. "
        "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
        "Matrix: rows by gold and letter answered. Most frequent: gold A, answer C: 1; gold B, answer C: 1; "
        "gold B, answer none: 1.",
        "Heat map: letters answered by type of question. what/which: C 2.",
        "Heat map: letters answered by length in words. <10: C 2.",
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(
            [("A", "B"), ("A", "A"), ("C", None), (None, "D")],
            "shares of the 2 rows with a letter and gold. Answered: A 50 %, B 50 %. Gold: A 100 %. "
            "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
            id="gold and letters in part",
        ),
        pytest.param(
            [(None, "D"), ("A", None)],
            "shares of the 1 row with a letter; none of them has gold. Answered: D 100 %. "
            "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
            id="none has both",
        ),
        pytest.param([("A", None)], "no letter was read.", id="no letter"),
        pytest.param([], "no letter was read.", id="no rows"),
    ],
)
def test_expectation_in_words_is_of_the_rows_that_its_figure_shows(rows: Rows, told: str) -> None:
    assert words_for("actual_against_expected", rows=rows) == [f"Grouped bars: {told}"]


def test_hostile_text_is_shown_and_not_run() -> None:
    judged = judge("train", [("A", None)], text=HOSTILE)
    report = replace(report_on(judged), facts={"Data set": HOSTILE})
    page = render_page(report)
    parsed = Elements(page)
    shown = HOSTILE.replace("\x1b", "\N{SYMBOL FOR ESCAPE}")
    # in the facts as it is; in the example message, the question and the response with a picture of the ESC
    assert parsed.texts.count(HOSTILE) == 1
    assert parsed.texts.count(shown) == 3
    assert "script" not in {tag for tag, _ in parsed.elements}


def test_texts_from_outside_keep_their_own_direction() -> None:
    page = render_page(report_on(judge("train", [("A", None)], text="\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}")))
    cells = [given for tag, given in Elements(page).elements if tag in ("td", "pre") and given.get("dir") == "auto"]
    assert len(cells) == 4


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        pytest.param(2, "2 of 3, in order; long texts are cut.", id="a sample"),
        pytest.param(0, "3; params.yaml asks for none of them here (analyze.unread_sample).", id="none asked for"),
    ],
)
def test_page_says_how_many_rows_are_unread(sample: int, told: str) -> None:
    page = render_page(report_on(judge("train", [("A", None)] * 3), unread_sample=sample))
    assert told in Elements(page).texts


def test_page_shows_the_choices_of_an_unread_row() -> None:
    page = render_page(report_on(judge("train", [("A", None)], text="a pen", n_choices=2)))
    assert "A. a pen\nB. a pen" in Elements(page).texts


def test_page_says_what_few_means() -> None:
    assert "few: fewer than 10, so that a share of them says little." in render_page(
        report_on(judge("train", [("A", "A")]))
    )


def test_page_says_how_many_votes_are_tied() -> None:
    tied = judge("train", [("A", "A"), ("A", "B"), ("A", "A")])
    frames = frame_splits([tied], 0)
    votes = frames.questions.assign(outcome=["ambiguous", "ambiguous", "correct"], letters_read=[2, 1, 1])
    frames = dataclasses.replace(frames, questions=votes)
    told = tell_verdict("smollm2", "train", split_metrics(*frames.of_split("train")), frames)
    assert told.endswith("In 1 of 3 questions the vote is tied.")


def test_page_says_that_every_row_was_read() -> None:
    assert "None: a letter was read in every row." in render_page(report_on(judge("train", [("A", "A")])))


NUMBERS = {
    "questions": 4,
    "accuracy": 0.5,
    "accuracy_low": 0.15,
    "accuracy_high": 0.85,
    "answered_rate": 0.9,
    "outcomes": {**dict.fromkeys(get_args(Outcome), 0), "correct": 3, "truncated": 1},
    "position_bias": {"chi2_p": 0.0341, "tv_distance": 0.12, "recall_std": 0.37},
    "agreement": 0.8,
}


def render_numbers(**splits: dict[str, Any]) -> dict[str, list[str]]:
    """Return the rows of a page whose splits have these numbers."""
    report = report_on(*[judge(split, [("A", "A")]) for split in splits])
    return rows_of(render_page(replace(report, metrics=splits)))


def test_every_measure_shows_its_own_number() -> None:
    rows = render_numbers(train=NUMBERS)
    assert dict(islice(rows.items(), 8)) == {
        "Questions": ["4"],
        "Accuracy": ["50 %"],
        "95 % interval": ["15\N{EN DASH}85 %"],
        "Rows with a letter": ["90 %"],
        "Total variation": ["0.12"],
        "Chi-square p": ["0.034"],
        "RStd": ["0.37"],
        "Agreement": ["80 %"],
    }


def test_every_outcome_is_a_share_of_the_questions() -> None:
    rows = render_numbers(train=NUMBERS)
    assert {name: rows[name] for name in get_args(Outcome) if rows[name] != ["0"]} == {
        "correct": ["3 (75 %)"],
        "truncated": ["1 (25 %)"],
    }


def test_every_split_has_its_own_column() -> None:
    rows = render_numbers(train=NUMBERS, validation={**NUMBERS, "questions": 8, "accuracy": None})
    assert (rows["Questions"], rows["Accuracy"]) == (["4", "8"], ["50 %", "\N{EM DASH}"])
    assert rows["correct"] == ["3 (75 %)", "3 (38 %)"]


@pytest.mark.parametrize(("p", "told"), [(0.0004, "<0.001"), (0.001, "0.001"), (1, "1.000"), (None, "\N{EM DASH}")])
def test_p_values_are_written_as_in_print(p: float | None, told: str) -> None:
    bias = {"chi2_p": p, "tv_distance": None, "recall_std": None}
    assert render_numbers(train={**NUMBERS, "position_bias": bias})["Chi-square p"] == [told]


def test_a_slice_shows_its_questions_accuracy_and_interval() -> None:
    rows = rows_of(render_page(report_on(judge("train", [("A", "A"), ("B", "A"), ("C", "A"), (None, "A")]))))
    assert rows["what/which"] == rows["<10"] == ["3, few", "33 %", "6\N{EN DASH}79 %"]
    assert rows["who"] == ["0", "\N{EM DASH}", "\N{EM DASH}"]


def test_few_questions_are_marked() -> None:
    texts = Elements(render_page(report_on(judge("train", [("A", "A")] * 9), judge("test", [("A", "A")] * 10)))).texts
    assert texts.count("9, few") == 2
    assert "10, few" not in texts
