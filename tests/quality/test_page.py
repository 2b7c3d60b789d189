import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from potstill.core.params import Gates
from potstill.core.records import OUTCOMES
from potstill.quality.explorer import ExplorerRows
from potstill.quality.page import FOLDER, Report, render_page
from potstill.quality.pictures import Picture
from potstill.quality.statistics import split_metrics
from potstill.quality.tables import make_tables
from tests.judged import frames_of, judge

HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' {{ 7 * 7 }} \N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m"
RESPONSES = "d41d8cd98f00b204e9800998ecf8427e.dir"
Rows = list[tuple[str | None, str | None]]


def report_on(explorer_rows: int = 20, text: str | None = None, **splits: Rows) -> Report:
    """Report on splits of (gold, answer) rows, one question each; `text` is what all their texts are."""
    fields = {"question": text, "messages": [{"role": "user", "content": text}], "concept": text} if text else {}
    judged = {
        split: [judge(number, [answer], gold, text=text, **fields) for number, (gold, answer) in enumerate(rows)]
        for split, rows in splits.items()
    }
    frames, sample = frames_of(**judged), ExplorerRows(explorer_rows)
    for split, questions in judged.items():
        for question in questions:
            sample.add(split, question)
    metrics = {split: split_metrics(*frames.of_split(split)) | {"gates": {}} for split in splits}
    pictures = {split: {"confusion": Picture(b"<svg/>", b"")} for split in splits}
    facts, tables = {"Data set": "bundled"}, make_tables(frames)
    return Report("smollm2", facts, Gates(), metrics, frames, tables, pictures, sample, RESPONSES)


def rows_of(page: str) -> dict[str, list[str]]:
    """Return the cells of each table row by the name in its header."""
    rows = re.findall(
        r'<tr><th scope="row">(.*?)(?:<small.*?)?</th>(.*?)</tr>', html.unescape(page).replace("\xa0", " ")
    )
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in rows}


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
        if "script" not in self.open and "style" not in self.open:
            self.texts.append(data)


@pytest.mark.parametrize("rows", [[("A", "C"), ("B", None)], []], ids=["usual", "no questions"])
def test_page_is_well_formed_and_asks_for_nothing_but_what_is_beside_it(rows: Rows) -> None:
    page = Elements(render_page(report_on(train=rows, validation=[("A", "A")])))
    assert not {"link", "iframe", "object"} & {tag for tag, _ in page.elements}
    addresses = [
        str(attributes[name])
        for _, attributes in page.elements
        for name in ("src", "href", "srcset")
        if name in attributes
    ]
    links = {address[1:] for address in addresses if address.startswith("#")}
    assert (
        {"split-train", "split-validation", "tests"}
        <= links
        <= {attributes.get("id") for _, attributes in page.elements}
    )
    assert {address.partition(",")[0] for address in addresses if not address.startswith("#")} == {
        "data:image/svg+xml;base64",
        "training_set.js",
        "student.js",
    }
    policy = next(
        str(attributes["content"])
        for _, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    # of the page's own script, by its hash, and those beside it, by their nonce; what is in a text is not run
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")
    assert policy.endswith(f" 'nonce-{RESPONSES.removesuffix('.dir')}' blob:")
    assert "url(" not in (FOLDER / "page.css").read_text(encoding="utf-8")
    assert not {"nan", "None", "NaN"} & {text.strip() for text in page.texts}


@pytest.mark.parametrize("name", ["page.css", "explorer.js"])
def test_what_the_page_includes_cannot_end_its_element(name: str) -> None:
    assert not re.search(
        r"</?(script|style)|<!--|\{\{|\{%|\{#", (FOLDER / name).read_text(encoding="utf-8"), re.IGNORECASE
    )


def test_hostile_text_is_data_and_no_markup() -> None:
    report = report_on(train=[("A", None)], text=HOSTILE)
    page = Elements(render_page(replace(report, teacher=HOSTILE, facts={"Data set": HOSTILE})))
    shown = HOSTILE.replace("\x1b", "\N{SYMBOL FOR ESCAPE}")
    assert page.texts.count(HOSTILE) == 1  # in the facts, alone
    assert [tag for tag, _ in page.elements].count("script") == 5
    rows = embedded(render_page(report))
    assert rows["texts"] == [shown]
    assert rows["rows"][0]["response"][0] == rows["rows"][0]["question"] == shown


def embedded(page: str) -> dict[str, Any]:
    """What the page holds for its script to show."""
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', page, re.DOTALL)
    assert found
    rows: dict[str, Any] = json.loads(found[1])
    return rows


def test_page_says_what_part_of_the_rows_it_holds() -> None:
    page = render_page(report_on(2, train=[("A", None)] * 3))
    text = "A random sample of 2 of 3 rows (analyze.explorer_rows in params.yaml)."
    assert any(one.startswith(text) for one in Elements(page).texts)
    assert len(embedded(page)["rows"]) == 2


def test_gates_that_are_on_show_their_limits_numbers_and_verdicts() -> None:
    report = report_on(train=[("A", "A")] * 9 + [("A", "B")], test=[("A", "B")])
    gates = Gates(min_accuracy=0.5, better_than_chance=True, max_tv_distance=0)
    verdicts = {"min_accuracy": "pass", "better_than_chance": "pass", "max_tv_distance": "fail"}
    metrics = {split: numbers | {"gates": verdicts} for split, numbers in report.metrics.items()}
    page = Elements(render_page(replace(report, gates=gates, metrics=metrics)))
    text = "".join(page.texts)
    for line in ("Accuracy, at least 0.5:", "Accuracy's interval above chance:", "Total variation, at most 0:"):
        assert line in text
    assert "✓ train 0.9 (pass)" in text
    assert "✗ test 1 (fail)" in text


NUMBERS = {
    "questions": 4,
    "accuracy": 0.5,
    "accuracy_low": 0.15,
    "accuracy_high": 0.85,
    "answered_rate": 0.9,
    "outcomes": {**dict.fromkeys(OUTCOMES, 0), "correct": 3, "truncated": 1},
    "position_bias": {"chi2_p": 0.0341, "tv_distance": 0.12, "recall_std": 0.37},
    "agreement": 0.8,
    "flip_rate": 0.3,
    "letter_mass_outside": 0.02,
    "kappa": 0.25,
    "gates": {},
}


def test_every_measure_outcome_and_test_shows_its_own_number_in_its_splits_column() -> None:
    report = report_on(train=[("A", "A")] * 20, validation=[("A", "A")])
    splits = {"train": NUMBERS, "validation": NUMBERS | {"questions": 8, "accuracy": 0.25}}
    tests = report.tables["tests"].iloc[:1].assign(p=0.02, p_adjusted=0.04, size=0.5, n=1234)
    rows = rows_of(render_page(replace(report, metrics=splits, tables=report.tables | {"tests": tests})))
    assert {name: values for name, (values, _) in zip(rows, list(rows.values())[:11], strict=False)} == {
        "Questions": "4",
        "Accuracy": "50 %",
        "95 % interval": "15\N{EN DASH}85 %",
        "Rows with a letter": "90 %",
        "Kappa": "0.25",
        "Total variation": "0.12",
        "Chi-square p": "0.034",
        "RStd": "0.37",
        "Agreement": "80 %",
        "Flip rate": "30 %",
        "Outside the letters": "2 %",
    }
    assert (rows["Questions"][1], rows["Accuracy"][1]) == ("8", "25 %")
    assert {name: rows[name] for name in OUTCOMES if rows[name] != ["0", "0"]} == {
        "correct": ["3 (75 %)", "3 (38 %)"],
        "truncated": ["1 (25 %)", "1 (12 %)"],
    }
    assert rows["accuracy above guessing"] == ["train", "1,234", "accuracy above it 0.50", "0.020", "0.040", "binomial"]


def test_a_slice_shows_its_questions_accuracy_and_interval_and_whether_they_are_few() -> None:
    rows: Rows = [("A", "A"), ("B", "A"), ("C", "A"), (None, "A")]
    page = render_page(report_on(train=rows, test=[("A", "A")] * 10))
    texts = Elements(page).texts
    assert texts.count("3, few") == 2  # of a type and of a length
    assert "10, few" not in texts
    assert any(text.startswith("few: fewer than 10, so that a share of them says little.") for text in texts)
    assert "No gate is on: analyze.gates in params.yaml names what a teacher must reach." in texts
    cells = re.search(r'what/which</th><td class="number">3, few</td>(.*?)</tr>', html.unescape(page))
    assert cells
    assert re.findall(r">(\d.*?)<", cells[1].replace("\xa0", " ")) == ["33 %", "6\N{EN DASH}79 %"]


def test_every_gold_letter_is_shown_and_of_many_concepts_the_most_frequent() -> None:
    letters = "ABCDEFGHIJKLMNOPQRST"
    concepts = ["rare", *(f"c{n // 10}" for n in range(200))]
    judged = [judge(n, [None], letters[n % 20], n_choices=20, concept=name) for n, name in enumerate(concepts)]
    frames = frames_of(train=judged)
    page = render_page(replace(report_on(train=[("A", "A")]), frames=frames, tables=make_tables(frames)))
    assert set(letters) <= set(rows_of(page))
    texts = Elements(page).texts
    note = "the 15 most frequent of 20; 1 of 21 have fewer than 10 questions, of which a share says little; all are in"
    assert any(note in text for text in texts)
    assert [text for text in texts if re.fullmatch(r"c\d+", text)] == sorted(f"c{n}" for n in range(20))[:15]


def test_concepts_that_all_have_few_questions_fill_no_table() -> None:
    frames = frames_of(train=[judge(n, "A", concept=f"c{n // 9}") for n in range(18)])
    page = render_page(replace(report_on(train=[("A", "A")]), frames=frames, tables=make_tables(frames)))
    assert not {"c0", "c1"} & set(rows_of(page))
    assert "Accuracy by concept is not shown: 2 of 2 have fewer than 10 questions" in page
