"""The page of a comparison in Chromium, and what a text may not do in it or in the Markdown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from potstill.comparing.figure import Point, draw_costs, find_front
from potstill.comparing.report import compare, format_code, format_text, write_comparison
from potstill.comparing.revisions import Revision, SplitFiles
from potstill.quality.pictures import draw
from potstill.sharing.lineage import Lineage
from tests.quality.test_browser import ABSENT, CHROMIUM, QUIET, REQUIRED
from tests.variants import answer_all, write_rows

HOSTILE = (
    "</details><script>window.hacked=1</script><img src=x onerror=window.hacked=1> | `code` @somebody\n# head\n~~~~"
)


def make(name: str, letters: list[str], prompt: str) -> Revision:
    write_rows(Path(name), answer_all(letters, messages=[{"role": "user", "content": HOSTILE}]))
    texts = {"system": f"{prompt} {HOSTILE}", "user": "u"}
    params = {"prompt": prompt, f"prompts.{prompt}": texts}
    prices = {"price_per_million": {"t": {"input": 1, "output": len(prompt)}}}
    named = {"prepare": params, "infer": {"teacher": "t", "teachers.t": {}}, "analyze": prices}
    stages = {stage: {"params": {"params.yaml": several}} for stage, several in named.items()}
    Path("dvc.lock").write_text(json.dumps({"stages": stages}))
    files = {key: Path(name, key, "validation.jsonl") for key in ("requests", "responses", "answers")}
    return Revision(name, Lineage(None), {}, {"validation": SplitFiles(**files)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page and the Markdown of three variants whose texts are hostile."""
    monkeypatch.chdir(tmp_path)
    letters = {"letter": ["A"] * 12, "thinking": [*"ABBBBAAABAAA"], "third": [*"AABBCBAAAAAC"]}
    variants = [make(name, several, name) for name, several in letters.items()]
    write_comparison(compare(variants, {}, ""), tmp_path / "compare")
    return tmp_path / "compare"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail(ABSENT) if REQUIRED else pytest.skip(ABSENT)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", *QUIET]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        pytest.param("light", 1200, id="light", marks=pytest.mark.slow),
        pytest.param("light", 380, id="narrow", marks=pytest.mark.slow),
        pytest.param("dark", 1200, id="dark", marks=pytest.mark.slow),
        pytest.param("dark", 380, id="dark and narrow"),
    ],
)
def test_the_page_has_no_barrier_runs_nothing_and_fits_a_phone(
    scheme: Any, width: int, browser: Browser, folder: Path
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page, complaints, requests = context.new_page(), list[str](), list[str]()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((folder / "index.html").as_uri())
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        found = [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("window.hacked") is None
        assert complaints == []
        assert [url for url in requests if not url.startswith(("data:", "file:"))] == []
        assert page.locator("section").count() == 3
        assert HOSTILE.splitlines()[0] in page.locator("details.row details pre").first.text_content()


def test_no_text_becomes_markup_in_the_markdown(folder: Path) -> None:
    text = (folder / "compare.md").read_text(encoding="utf-8")
    outside = re.sub(r"^(~{7})diff$.*?^\1$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    assert text.count("~~~~~~~diff") == 2
    assert "hacked" in text
    assert "hacked" not in outside
    assert re.findall(r"</?(\w+)", outside).count("details") == text.count("<details>") + text.count("\n</details>\n")
    assert format_code("a | `b`\n c") == "`a \\| 'b' c`"
    assert format_text("a|b: <i>, p < 0.001") == "a\\|b: &lt;i>, p < 0.001"


def test_the_front_holds_what_no_other_one_beats() -> None:
    places = [(1, 0.5), (1, 0.4), (2, 0.5), (9, 0.8), (10, 0.7)]
    points = [Point("", cost, share, 0, 1) for cost, share in places]
    assert find_front(points) == [points[0], points[3]]


@pytest.mark.parametrize(
    "costs",
    [
        pytest.param([1, 1, 1, 1.01, 1.02], id="close"),
        pytest.param([0, 1, 2, 3, 4], id="free", marks=pytest.mark.slow),
        pytest.param([1, 10, 100, 1000, 1000], id="far apart", marks=pytest.mark.slow),
    ],
)
def test_names_in_the_figure_cover_neither_one_another_nor_the_axes(costs: list[float]) -> None:
    points = [Point(f"variant-{place}", cost, 0.5 + place / 100, 0.45, 0.55) for place, cost in enumerate(costs)]
    made = []
    picture = draw(lambda: made.append(draw_costs(points, "tokens", "validation")) or made[0])
    assert picture.svg == draw(lambda: draw_costs(points, "tokens", "validation")).svg
    figure = made[0]
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    frame = figure.axes[0].get_window_extent()
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
