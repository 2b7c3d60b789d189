"""The report page in a real browser: Chromium, without a window, driven by Playwright."""

import contextlib
import dataclasses
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from ruamel.yaml import YAML

from potstill.core.folder_hash import hash_folder
from potstill.core.letters import letter_choices
from potstill.core.page_script import write_page_script
from potstill.core.records import OUTCOMES, SPLITS, Message, Outcome, Request, Response, Status, encode_row
from potstill.quality.frames import printable
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, length_band, question_type
from potstill.reading.extraction import read_as
from potstill.training_set.page_section import write_page_section
from stages.analyze import main
from student.core.params import load_student_params
from student.learning.section import Sources
from student.learning.section import write_section as write_students
from tests.judged import FRUIT, make_request, make_response, question_of
from tests.project import ROOT, arguments
from tests.student.answered import MANIFEST, measure, write_project
from tests.training_set.manifests import make_manifest, make_split

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
REQUIRED = bool(os.environ.get("CI")) or os.environ.get("POTSTILL_REQUIRE_BROWSER") == "1"
ABSENT = f"the report page is tested in Chromium: install the package chromium (looked for {', '.join(NAMES)} on PATH)"
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
PATIENCE_MS = 20_000  # a busy machine may take this long, a broken page takes it in vain

HIDDEN_WIDTHS = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"
PAGE_LENGTH = 25
MANY = 10_000
FILTERS: dict[str, Sequence[str]] = {
    "Split": SPLITS,
    "Outcome": OUTCOMES,
    "Letter": (*"ABCD", "no letter"),
    "Gold": (*"ABCD", "no gold"),
    "Type": QUESTION_TYPES,
    "Length": LENGTH_BANDS,
}
COLUMNS = ("Question", "Split", "Type", "Length", "Gold", "Letter", "Outcome")
SYSTEM = "Reply with one letter only.\n\n    Mind  the   spaces & the <b>tags</b>."
IMAGE = "<img src=x onerror=window.hacked=1>"
HOSTILE = {
    "script": "<script>window.hacked=1</script>",
    "image": IMAGE,
    "image and entity": f"&amp; {IMAGE} &lt;b&gt;",
    "quotes": '"double" \'single\' `back` " onfocus=window.hacked=1 autofocus x="',
    "end of script": "</script><script>window.hacked=1</script>",
    "comment and script": "<!--<script>",
    "end of title and style": f"</title></style></textarea>{IMAGE}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} abc (d)",
    "separators": "one\u2028two\u2029three",
    "emoji": "\N{PILE OF POO}\N{MAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}\N{REGIONAL INDICATOR SYMBOL LETTER D}",
    "control characters": "nul \x00, escape \x1b[31m, next line \x85, delete \x7f, return \r end",
    "template": "{{ 7 * 7 }} ${7 * 7} {% raw %} %s",
    "long word": "w" * 400,
}


HOSTILE_CONCEPT = " ".join(HOSTILE.values())  # of all the rows, since concepts of few are not shown
RATES = {"untrained": 0.2, "trained": 0.9, "control": 0.2}  # of right answers
WARNED = {"warnings": ["48 of 60 answers in train disagree with gold"]}
HOSTILE_SET = {
    "splits": {HOSTILE_CONCEPT: make_split(rows={HOSTILE_CONCEPT: 1}, left_out={HOSTILE_CONCEPT: {"A": 1}})},
    "warnings": [f"hostile: {text}" for text in HOSTILE.values()],
}


@dataclasses.dataclass(frozen=True)
class Made:
    """A row that a page was made of, and what its columns have to say of it."""

    split: str
    request: Request
    response: Response
    letter: str | None
    outcome: Outcome
    concept: str | None = None

    @property
    def question(self) -> str:
        return self.request.question

    @property
    def facts(self) -> dict[str, str]:
        """What each filter looks at, as the page writes it."""
        return {
            "Split": self.split,
            "Outcome": self.outcome,
            "Letter": self.letter or "no letter",
            "Gold": self.request.answer or "no gold",
            "Type": question_type(self.question),
            "Length": length_band(self.question),
        }


@dataclasses.dataclass(frozen=True)
class Visit:
    """A page in the browser, with what it asked for and complained of since it was opened."""

    page: Page
    requests: list[str]
    complaints: list[str]


Visitor = Callable[..., Visit]


def make_row(number: int) -> Made:
    """One of rows that differ in all that can be filtered, each filter in its own rhythm."""
    gold = (*"ABCD", None)[number % 5]
    reply = "ABCD"[number % 5 % 4]
    other = "D" if reply == "A" else "A"
    words = ("What", "Where", "Who", "How", "Why", "Name")[number // 2 % 6], ("cat", "giraffe")[number % 2]
    question = f"{words[0]} is number {number:02d}?{f' {words[1]}' * (2, 8, 13, 20)[number // 5 % 4]}"
    judged: Outcome = "correct" if gold else "unjudged"
    kinds: list[tuple[str | None, Status, str | None, Outcome]] = [
        (f"The walrus says: yes.\nAnswer: {reply}", "answered", reply, judged),
        (reply, "answered", reply, judged),
        (other, "answered", other, "wrong" if gold else "unjudged"),
        ("I'm sorry, but I cannot answer this question.", "answered", None, "refused"),
        ("A or B", "answered", None, "ambiguous"),
        ("Hmm.", "answered", None, "unparsed"),
        ("Let me think about the penguin", "truncated", None, "truncated"),
        (None, "filtered", None, "filtered"),
        (None, "failed", None, "failed"),
    ]
    content, status, letter, outcome = kinds[number % 9]
    return make(number, SPLITS[number // 9 % 3], gold, question, content, status, letter, outcome)


def make(
    number: int,
    split: str,
    gold: str | None,
    question: str,
    content: str | None,
    status: Status = "answered",
    letter: str | None = None,
    outcome: Outcome = "unparsed",
) -> Made:
    choices = letter_choices(FRUIT[:4])
    listed = "\n".join(f"{choice.label}. {choice.text}" for choice in choices)
    messages = [
        Message(role="system", content=SYSTEM),
        Message(role="user", content=f"Question: {question}\n{listed}\n\tAnswer:"),
    ]
    request = make_request(number, gold, question=question, choices=choices, messages=messages)
    return Made(split, request, make_response(request, content, status), letter, outcome)


def make_hostile(number: int, text: str) -> list[Made]:
    """Two rows with a hostile text wherever the page shows any: one came back, one failed."""
    name, choices = f"{number} {text} id", letter_choices([f"{text} choice", *FRUIT[:3]])
    rows = []
    for place, (content, status) in enumerate([(f"{text} answer", "answered"), (None, "failed")]):
        request = make_request(
            number,
            "A",
            id=f"{name}:{place}",
            question_id=f"{name}:{place}",
            question=f"Is {number}.{place} {text} question?",
            choices=choices,
            messages=[
                {"role": "system", "content": f"{text} system"},
                {"role": "user", "content": f"{text} user\n{choices[0].text}"},
            ],
        )
        extra = {"reasoning": f"{text} reasoning"} if content else {"error": f"{text} error"}
        response = make_response(request, content, status, **extra)
        rows.append(Made("validation", request, response, None, "failed", HOSTILE_CONCEPT))
    return rows


USUAL = sorted(map(make_row, range(60)), key=lambda row: SPLITS.index(row.split))  # in the order of the page
HOSTILE_ROWS = {name: make_hostile(number, text) for number, (name, text) in enumerate(HOSTILE.items())}
ALL_HOSTILE = [row for rows in HOSTILE_ROWS.values() for row in rows]
HUGE = make(99, "validation", "A", "What is huge?", "Once upon a time. " * 3_000 + "The end")


def build(
    folder: Path,
    made: Sequence[Made],
    splits: Sequence[str] = SPLITS,
    explorer_rows: int = MANY,
    training_set: dict[str, Any] = WARNED,
) -> str:
    """Run the analyze stage on rows, and return the address of the page that it wrote, a training set beside it."""
    params = YAML(typ="safe").load(ROOT / "tests/params.yaml")
    params["analyze"] = {"explorer_rows": explorer_rows}
    write(folder / "params.yaml", [json.dumps(params)])
    write(folder / "data/raw/source.json", [json.dumps({"dataset": "riddles", "path": "me/riddles"})])
    for split in splits:
        rows = [row for row in made if row.split == split]
        questions = {row.request.question_id: question_of(row.request, row.concept) for row in rows}
        write(folder / f"data/raw/{split}.jsonl", [encode_row(question).decode() for question in questions.values()])
        write(folder / f"data/requests/{split}.jsonl", [encode_row(row.request).decode() for row in rows])
        write(folder / f"data/responses/{split}.jsonl", [encode_row(row.response).decode() for row in rows])
    with contextlib.chdir(folder):
        finished = CliRunner().invoke(main, arguments("analyze"), catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    responses = hash_folder(folder / "data/responses")
    write_section(folder, responses, training_set)
    write_page_script(folder / "reports/student.js", "students", {"responses": responses}, "<p>No student.</p>", "", {})
    return (folder / "reports/index.html").as_uri()


def write_section(folder: Path, responses: str, training_set: dict[str, Any]) -> None:
    write_page_section(folder / "reports/training_set.js", make_manifest(**training_set), responses, "hash")


def write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


@pytest.fixture(scope="module", autouse=True)
def chromium() -> str:
    """The browser's path, before any page is made; where tests must not be left out, its absence is a failure."""
    if CHROMIUM is None and REQUIRED:
        pytest.fail(ABSENT)
    return CHROMIUM or pytest.skip(ABSENT)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser for the tests of this module only: while Playwright runs, nothing else can run an event loop."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", *QUIET]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


@contextlib.contextmanager
def open_page(
    browser: Browser, address: str, *, scripts: bool = True, width: int = 1200, scheme: Any = "light"
) -> Iterator[Visit]:
    """Open an address in a context of its own, and wait for the page's script to be done."""
    size: Any = {"width": width, "height": 900}
    with browser.new_context(java_script_enabled=scripts, viewport=size, color_scheme=scheme) as context:
        page, requests, complaints = context.new_page(), list[str](), list[str]()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.goto(address)
        if scripts:
            page.wait_for_selector("#rows-of-page[data-ready]")
        yield Visit(page, requests, complaints)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Opens pages for one test."""
    with contextlib.ExitStack() as pages:
        yield lambda address, **options: pages.enter_context(open_page(browser, address, **options))


@pytest.fixture(scope="module")
def shared(browser: Browser, usual: str) -> Iterator[Page]:
    with open_page(browser, usual) as opened:
        show(opened.page, 100)
        yield opened.page


@pytest.fixture
def explorer(shared: Page) -> Iterator[Page]:
    """The usual page with all its rows shown; opening it anew for each filter would take long."""
    yield shared
    search(shared, "")
    for title in FILTERS:
        filter_of(shared, title).select_option("all")


@pytest.fixture(scope="module")
def used(browser: Browser, usual: str) -> Iterator[Visit]:
    """The usual page after everything in it was used."""
    with open_page(browser, usual) as opened:
        use_everything(opened.page)
        yield opened


@pytest.fixture(scope="module")
def used_hostile(browser: Browser, hostile: str) -> Iterator[Visit]:
    """The hostile page after everything in it was used; all its rows are open."""
    with open_page(browser, hostile) as opened:
        use_everything(opened.page)
        opened.page.wait_for_timeout(200)  # for what the failure to load an image would run
        yield opened


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with a training set and students beside it."""
    folder, project = tmp_path_factory.mktemp("usual"), tmp_path_factory.mktemp("students")
    address = build(folder, USUAL)
    write_project(project, 60, {"chat": RATES, "rank": RATES})
    responses = hash_folder(folder / "data/responses")
    write_students(
        folder / "reports/student.js",
        measure(project, [0, 1, 2]),
        load_student_params(ROOT / "student/params.yaml"),
        MANIFEST,
        Sources(responses, "hash"),
    )
    return address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("hostile"), [*ALL_HOSTILE, HUGE], ["validation"], training_set=HOSTILE_SET)


def filter_of(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name="Filters").get_by_role("combobox", name=title, exact=True)


def show(page: Page, rows: int) -> None:
    page.get_by_label("rows a page").select_option(str(rows))


def search(page: Page, words: str) -> None:
    page.get_by_label("Search in questions and answers").fill(words)


def questions_shown(page: Page) -> list[str]:
    return page.locator("#explorer button.open").all_text_contents()


def questions_of(rows: Sequence[Made]) -> list[str]:
    return [printable(row.question) for row in rows]


def column(page: Page, title: str) -> Locator:
    return page.locator(f"#explorer tbody td:nth-child({COLUMNS.index(title) + 1})")


def opener(page: Page, row: Made) -> Locator:
    return page.locator("#explorer").get_by_role("button", name=printable(row.question), exact=True)


def open_row(page: Page, row: Made) -> Locator:
    """Open a row with a click, and return what it opens to."""
    opener(page, row).click()
    return page.locator(".detail")


def detail_of(page: Page, row: Made) -> Locator:
    """What an open row has opened to; its question is compared to the last character."""
    place = questions_shown(page).index(printable(row.question))
    return page.locator("#explorer tr:has(button.open) + tr .detail").nth(place)


def text_titled(detail: Locator, title: str) -> str | None:
    """The text under a heading, to the last space."""
    return detail.locator(f"h3:text-is('{title}') + pre").text_content()


def facts_shown(detail: Locator) -> dict[str, str]:
    names, texts = detail.locator("dt").all_text_contents(), detail.locator("dd").all_text_contents()
    return dict(zip(names, texts, strict=True))


def use_everything(page: Page) -> None:
    """Choose every value of every filter, open every row, search, sort, turn pages."""
    for title in FILTERS:
        chooser = filter_of(page, title)
        for value in chooser.locator("option").all():
            chooser.select_option(value.get_attribute("value"))
        chooser.select_option("all")
    for words in ("walrus", "<b>", "&amp;", ""):
        search(page, words)
    for title in COLUMNS:
        header_of(page, title).get_by_role("button").click()
    page.get_by_role("link", name="Last").click()
    page.get_by_role("link", name="First").click()
    show(page, 100)
    page.locator("#explorer button.open").evaluate_all("buttons => buttons.forEach(button => button.click())")


def header_of(page: Page, title: str) -> Locator:
    return page.locator("#explorer th", has=page.get_by_role("button", name=f"{title}: "))


@pytest.mark.parametrize("name", ["used", "used_hostile"])
def test_using_everything_raises_no_error_and_asks_nothing_of_another_place(
    name: str, request: pytest.FixtureRequest
) -> None:
    opened = request.getfixturevalue(name)
    expect(opened.page.get_by_role("heading", level=1)).to_have_text("How far to trust smollm2")
    assert opened.complaints == []
    page = opened.page.url
    beside = [page.replace("index.html", name) for name in ("training_set.js", "student.js")]
    assert [url for url in opened.requests if not url.startswith(("data:", "blob:"))] == [page, *beside]


@pytest.mark.slow
@pytest.mark.parametrize(("made", "explorer_rows"), [([], MANY), (USUAL[:20], 0)], ids=["no questions", "explorer off"])
def test_a_page_without_rows_says_so(made: list[Made], explorer_rows: int, tmp_path: Path, visit: Visitor) -> None:
    opened = visit(build(tmp_path, made, explorer_rows=explorer_rows))
    assert opened.page.locator("#explorer tbody").text_content() == "There are no rows."
    assert opened.complaints == []


@pytest.mark.slow
def test_a_row_that_failed_shows_why_and_no_filter_offers_what_no_row_has(tmp_path: Path, visit: Visitor) -> None:
    opened = visit(build(tmp_path, [make(0, "test", "A", "What is it?", None, "failed")], ["test"]))
    opened.page.locator("#explorer button.open").first.click()
    assert text_titled(opened.page.locator(".detail"), "Error") == "HTTP 503"
    assert filter_of(opened.page, "Outcome").locator("option").all_text_contents() == ["all", "failed"]
    assert opened.complaints == []


def test_a_row_has_its_facts_in_its_columns(explorer: Page) -> None:
    shown = list(zip(*(column(explorer, title).all_text_contents() for title in COLUMNS), strict=True))
    assert shown == [(row.question, *(row.facts[title] for title in COLUMNS[1:])) for row in USUAL]


@pytest.mark.parametrize("title", FILTERS)
def test_a_filter_offers_its_values_in_order_and_leaves_the_rows_that_have_one(title: str, explorer: Page) -> None:
    chooser = filter_of(explorer, title)
    assert chooser.locator("option").all_text_contents() == ["all", *FILTERS[title]]
    for value in FILTERS[title]:
        chooser.select_option(label=value)
        expected = [row for row in USUAL if row.facts[title] == value]
        assert 0 < len(expected) < len(USUAL)
        assert questions_shown(explorer) == questions_of(expected)
    chooser.select_option("all")
    assert questions_shown(explorer) == questions_of(USUAL)


@pytest.mark.parametrize("words", ["WALRUS number is", "  yes.  walrus "], ids=["any case", "any order"])
def test_words_of_question_and_answer_are_found(words: str, explorer: Page) -> None:
    search(explorer, words)
    expected = [row for row in USUAL if "walrus" in (row.response.content or "")]
    assert 0 < len(expected) < len(USUAL)
    assert questions_shown(explorer) == questions_of(expected)
    search(explorer, "zeppelin")
    assert explorer.locator("#explorer tbody").text_content() == "No row fits search and filters."
    search(explorer, "")
    assert questions_shown(explorer) == questions_of(USUAL)


def test_search_and_filters_combine(explorer: Page) -> None:
    search(explorer, "giraffe")
    filter_of(explorer, "Outcome").select_option(label="correct")
    found = [row for row in USUAL if "giraffe" in row.question and row.outcome == "correct"]
    assert questions_shown(explorer) == questions_of(found)
    filter_of(explorer, "Split").select_option(label="train")
    expected = [row for row in found if row.split == "train"]
    assert 0 < len(expected) < len(found)
    assert questions_shown(explorer) == questions_of(expected)


def test_marks_of_html_are_found_as_text(hostile: str, visit: Visitor) -> None:
    page = visit(hostile).page
    show(page, 100)
    for name in ("script", "image", "image and entity", "comment and script"):
        search(page, HOSTILE[name])
        expected = [row for row in ALL_HOSTILE if all(word in row.question for word in HOSTILE[name].split())]
        assert set(questions_of(HOSTILE_ROWS[name])) <= set(questions_shown(page))
        assert sorted(questions_shown(page)) == sorted(questions_of(expected))


def test_a_row_opens_to_its_facts_the_prompt_as_sent_and_the_response(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    for row in USUAL[:6]:
        opener(page, row).click()
        detail = detail_of(page, row)
        assert facts_shown(detail) == {
            "Gold": row.facts["Gold"],
            "Letter read": row.facts["Letter"],
            "Outcome": "ambiguous: between A and B" if row.outcome == "ambiguous" else row.outcome,
            "Request": row.request.id,
            "Question": f"{row.split}, {row.facts['Type']}, {row.facts['Length']} words",
        }
        assert text_titled(detail, "Prompt: system") == SYSTEM
        assert text_titled(detail, "Prompt: user") == row.request.messages[1].content
        assert detail.locator("pre").last.text_content() == row.response.content


def test_what_the_letter_was_read_in_is_marked(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    detail = open_row(page, USUAL[0])
    content = USUAL[0].response.content or ""
    span = read_as(content, USUAL[0].request.choices, None).span
    assert span
    assert "walrus" not in content[slice(*span)]
    assert detail.locator("mark").all_text_contents() == [content[slice(*span)]]
    label = detail.locator("pre").last.get_attribute("aria-label")
    assert label == "Answer; marked is what the letter was read in"
    opener(page, USUAL[0]).click()
    detail = open_row(page, USUAL[5])
    assert text_titled(detail, "Answer") == "Hmm."
    assert detail.locator("mark").count() == 0


def test_a_row_opens_and_closes_with_the_keyboard(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    button = opener(page, USUAL[0])
    header_of(page, "Outcome").get_by_role("button").focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    for opens in (True, False):
        page.keyboard.press("Enter")
        assert page.locator(".detail").count() == opens
        assert button.get_attribute("aria-expanded") == str(opens).lower()


def test_an_open_row_is_still_open_when_a_filter_shows_it_again(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    open_row(page, USUAL[0])
    open_row(page, USUAL[1])
    opener(page, USUAL[1]).click()
    filter_of(page, "Split").select_option(label="test")
    assert page.locator(".detail").count() == 0
    filter_of(page, "Split").select_option("all")
    assert opener(page, USUAL[0]).get_attribute("aria-expanded") == "true"
    assert facts_shown(page.locator(".detail"))["Request"] == USUAL[0].request.id


@pytest.mark.parametrize(
    "titles",
    [
        pytest.param(["Question", "Outcome"], id="texts and kinds"),
        pytest.param([*COLUMNS[1:-1]], id="the others", marks=pytest.mark.slow),
    ],
)
def test_headers_sort_with_the_keyboard(titles: list[str], usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    show(page, 100)
    rows = {"Question": sorted(questions_of(USUAL))}
    rows |= {name: sorted((row.facts[name] for row in USUAL), key=FILTERS[name].index) for name in FILTERS}
    for title in titles:
        header = header_of(page, title)
        for order, direction in ((1, "ascending"), (-1, "descending")):
            header.get_by_role("button").press("Enter")
            expect(header).to_have_attribute("aria-sort", direction)  # it sorts a moment later
            expect(column(page, title)).to_have_text(rows[title][::order])


def test_pages_turn_with_the_keyboard_and_hold_each_row_once(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    show(page, 50)
    assert questions_shown(page) == questions_of(USUAL[:50])
    show(page, PAGE_LENGTH)
    assert page.locator(".dt-info").text_content() == f"Rows 1 to 25 of {len(USUAL)}"
    turned = [questions_shown(page)]
    for _ in range(2):
        page.get_by_role("link", name="Next").press("Enter")
        turned.append(questions_shown(page))
    assert [len(questions) for questions in turned] == [PAGE_LENGTH, PAGE_LENGTH, len(USUAL) - 2 * PAGE_LENGTH]
    assert [question for questions in turned for question in questions] == questions_of(USUAL)


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        pytest.param("light", 1200, id="light"),
        pytest.param("light", 380, id="narrow", marks=pytest.mark.slow),
        pytest.param("dark", 1200, id="dark", marks=pytest.mark.slow),
        pytest.param("dark", 380, id="dark and narrow", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_no_serious_barrier(scheme: str, width: int, usual: str, visit: Visitor) -> None:
    page = visit(usual, width=width, scheme=scheme).page
    open_row(page, USUAL[0])
    found = [
        (violation["id"], node["html"], node["failureSummary"])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert found == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]


def test_a_dark_page_has_dark_figures_and_paper_white_ones(usual: str, visit: Visitor) -> None:
    page = visit(usual, scheme="dark").page
    figure = page.locator("figure").first
    figure.scroll_into_view_if_needed()
    assert mean_brightness(figure.screenshot()) < 80
    page.emulate_media(media="print")
    assert mean_brightness(figure.screenshot()) > 200


def mean_brightness(png: bytes) -> float:
    return float(np.mean(matplotlib.image.imread(BytesIO(png))[..., :3]) * 255)


def test_rows_of_one_question_and_ambiguous_ones_say_what_distinguishes_them(tmp_path: Path, visit: Visitor) -> None:
    rows = [
        make_rotated(0, 0, "A", "A. apple"),
        make_rotated(0, 1, "D", "A or C"),
        make_rotated(1, 0, "A", "A"),
        make_rotated(1, 1, "D", "C"),
    ]
    page = visit(build(tmp_path, rows, ["train"])).page
    headers = [text.split(":")[0] for text in page.locator("#explorer thead th").all_text_contents()]
    assert headers == ["Question", "Split", "Type", "Length", "Rotation", "Gold", "Letter", "Outcome", "Answer"]
    finals = page.locator("#explorer td.final").all_text_contents()
    assert page.locator("#explorer td.rotation").all_text_contents() == ["0", "1", "0", "1"]
    assert finals == ["A, correct", "A, correct", "tied, ambiguous", "tied, ambiguous"]
    for place in (1, 3):
        page.locator("#explorer button.open").nth(place).click()
    one, other = (facts_shown(detail) for detail in page.locator(".detail").all())
    assert (one["Outcome"], one["Answer"]) == ("ambiguous: between A and C", "A in the original order: correct")
    assert other["Letter read"] == "C, D in the original order"
    assert other["Answer"] == "tied between A and D in the original order: ambiguous"


def make_rotated(number: int, rotation: int, gold: str, content: str) -> Made:
    """A reading of a question; gold is as shown."""
    request = make_request(number, gold, rotation)
    return Made("train", request, make_response(request, content), None, "ambiguous")


@pytest.mark.slow
@pytest.mark.parametrize("address", ["usual", "hostile"])
def test_a_narrow_page_does_not_scroll_sideways(address: str, request: pytest.FixtureRequest, visit: Visitor) -> None:
    page = visit(request.getfixturevalue(address), width=380).page
    show(page, 100)
    page.locator("#explorer button.open").evaluate_all("buttons => buttons.forEach(button => button.click())")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    assert address == "hostile" or all(wide <= 0 for wide in page.locator(".scroll").evaluate_all(HIDDEN_WIDTHS))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown_as_they_are(name: str, used_hostile: Visit) -> None:
    text, (row, failed) = printable(HOSTILE[name]), HOSTILE_ROWS[name]
    detail = detail_of(used_hostile.page, row)
    assert facts_shown(detail)["Request"] == printable(row.request.id)
    assert text_titled(detail, "Prompt: system") == f"{text} system"
    assert text_titled(detail, "Prompt: user") == f"{text} user\n{text} choice"
    assert text_titled(detail, "Reasoning") == f"{text} reasoning"
    assert detail.locator("pre").last.text_content() == f"{text} answer"
    assert text_titled(detail_of(used_hostile.page, failed), "Error") == f"{text} error"
    table = used_hostile.page.get_by_role("region", name="validation: accuracy by concept")
    assert printable(HOSTILE_CONCEPT) in table.locator("tbody th").all_text_contents()


def test_a_huge_answer_is_shown_whole(used_hostile: Visit) -> None:
    assert len(HUGE.response.content or "") > 50_000
    assert text_titled(detail_of(used_hostile.page, HUGE), "Answer") == HUGE.response.content


def test_the_training_set_beside_the_page_is_summed_up_in_it(shared: Page) -> None:
    section = shared.locator("section", has=shared.get_by_role("heading", name="The training set"))
    expect(section.locator(".warning li")).to_have_text(["48 of 60 answers in train disagree with gold."])
    numbers = section.get_by_role("region", name="Training set").locator("tr")
    expect(numbers.filter(has_text="Agree with gold").locator("td")).to_have_text(["20\xa0%"] * 2)
    expect(numbers.filter(has_text="preference").locator("td")).to_have_text(["7"] * 2)
    reasons = section.get_by_role("region", name="Left out").locator("tbody tr")
    expect(reasons.locator("td")).to_have_text(["3", "0", "1", "0"])
    letters = section.get_by_role("region", name="Letters that train teaches").locator("tbody tr")
    expect(letters.nth(1).locator("td.number")).to_have_text(["33\xa0%", "33\xa0%", "80\xa0%"])
    bars = letters.locator(".taught").evaluate_all("bars => bars.map(bar => bar.offsetWidth)")
    assert bars[1] == pytest.approx(8 * bars[0], abs=8)
    assert bars[1] > 100


def test_the_students_beside_the_page_are_summed_up_in_it(shared: Page) -> None:
    section = shared.locator("section", has=shared.get_by_role("heading", name="The students"))
    expect(section.locator("h3")).to_have_text(["The chat student", "The rank student"])
    expect(section.locator(".verdict").nth(1)).to_contain_text("The rank student learned: it answers ")
    figure = section.get_by_role("img", name="Accuracy of each, with 95 % intervals. teacher: ").nth(0)
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 400
    rows = section.get_by_role("region", name="rank student: measures").locator("tbody tr")
    expect(rows.first.locator("td")).to_have_count(4)


@pytest.mark.parametrize(
    ("beside", "training_set", "students", "complaints"),
    [
        pytest.param(
            False, "no training set has been exported of these answers yet", "no student has been trained on this", 2,
            id="none",
        ),
        pytest.param(True, "other answers than this page: run `make repro`", "run `make student`", 0, id="of others"),
    ],
)  # fmt: skip
def test_a_page_without_its_training_set_and_students_says_so(
    beside: bool, training_set: str, students: str, complaints: int, usual: str, visit: Visitor, tmp_path: Path
) -> None:
    reports = Path(usual.removeprefix("file://")).parent
    (tmp_path / "reports").mkdir()
    page = (reports / "index.html").read_text(encoding="utf-8")
    if beside:
        shutil.copytree(reports, tmp_path / "reports", dirs_exist_ok=True)
        page = re.sub(r'data-responses="\w+', 'data-responses="d41d8cd98f00b204e9800998ecf8427e', page)
    (tmp_path / "reports/index.html").write_text(page, encoding="utf-8", newline="\n")
    opened = visit((tmp_path / "reports/index.html").as_uri())
    for place, sentence in (("#training-set", training_set), ("#students", students)):
        expect(opened.page.locator(place)).to_contain_text(sentence)
        assert opened.page.locator(f"{place} table").count() == 0
    assert len(opened.complaints) == complaints  # that a file is not there


def as_parsed(text: str) -> str:
    """A text as it comes out of HTML."""
    return text.replace("\x00", "").replace("\r", "\n")


def test_hostile_texts_run_nothing_and_add_no_elements(used_hostile: Visit) -> None:
    page = used_hostile.page
    assert page.locator("#training-set .warning li").all_text_contents() == [
        f"Hostile: {as_parsed(text)}." for text in HOSTILE.values()
    ]
    numbers = page.get_by_role("region", name="Training set")
    for place in (numbers.locator("tbody tr").nth(2).locator("small"), numbers.locator("thead th.number")):
        assert place.text_content() == as_parsed(HOSTILE_CONCEPT)
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.locator("script").count() == 5
    assert page.locator("img").count() == page.locator("figure").count()


@pytest.mark.slow
def test_ten_thousand_rows_are_shown_few_at_a_time_filtered_and_searched(tmp_path: Path, visit: Visitor) -> None:
    made = [make(number, "train", "A", f"What is number {number}?", "A. apple") for number in range(MANY)]
    page = visit(build(tmp_path, made, ["train"])).page
    assert page.locator(".dt-info").text_content() == "Rows 1 to 25 of 10,000"
    filter_of(page, "Outcome").select_option(label="correct")
    assert page.locator("#explorer tbody tr").count() == PAGE_LENGTH
    search(page, "number 9876?")
    assert questions_shown(page) == ["What is number 9876?"]


@pytest.mark.slow
def test_print_shows_every_table_and_leaves_out_what_cannot_be_used_on_paper(usual: str, visit: Visitor) -> None:
    page = visit(usual).page
    parts = [page.locator(name).first for name in ("#filters", "[type=search]", ".dt-length", ".dt-paging", "nav")]
    for part in parts:
        expect(part).to_be_visible()
    page.emulate_media(media="print")
    for part in parts:
        expect(part).to_be_hidden()
    tables = page.locator("table").all()
    assert len(tables) > len(SPLITS)
    assert all(table.is_visible() for table in tables)


@pytest.mark.slow
def test_without_scripts_verdict_and_tables_show_and_a_sentence_says_what_is_missing(
    usual: str, visit: Visitor
) -> None:
    page = visit(usual, scripts=False).page
    assert page.locator(".verdict:visible").count() == len(SPLITS)
    for name in ("Measures", "Outcomes", "Tests", *(f"{split}: accuracy by type of question" for split in SPLITS)):
        expect(page.get_by_role("region", name=name).get_by_role("table")).to_be_visible()
    expect(page.locator("noscript p")).to_contain_text("Looking through the rows takes JavaScript")
    expect(visit(usual).page.locator("noscript")).to_be_hidden()
