"""The benchmarks still run, each at a small size, and their page names what exists."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.growth import DRAWN, run_size
from benchmarks.made import MadeProject
from benchmarks.peers.__main__ import OURS, ask
from benchmarks.results import FILE, render_table
from tests.documents import ROOT, code_blocks

PAGE = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")


def test_the_page_names_commands_and_measurements_that_exist() -> None:
    (block,) = code_blocks("bash", PAGE)
    modules = re.findall(r"python -m (\S+)", block)
    assert modules
    assert [module for module in modules if not find_spec(module)] == []
    saved = set(re.findall(r'save\(\s*"(\w+)"', "".join(p.read_text() for p in (ROOT / "benchmarks").rglob("*.py"))))
    assert set(re.findall(r"render\('(\w+)'\)", PAGE)) == saved
    assert FILE.exists()


def test_a_table_has_the_rows_headings_and_three_digits_that_count() -> None:
    rows = [{"way": "a", "s": 0.12345, "n": 1234}, {"way": "b", "s": 12.345, "n": None}]
    assert render_table(rows).splitlines() == [
        "| way | s | n |",
        "| --- | ---: | ---: |",
        "| a | 0.123 | 1,234 |",
        "| b | 12.3 |  |",
    ]


@pytest.mark.slow
def test_growth_and_our_own_way_run_at_a_small_size(tmp_path: Path) -> None:
    project = MadeProject(tmp_path, 18, validation=2)
    rows = run_size(project, 20)
    assert {row["process"] for row in rows} == {*DRAWN, "make push", "make pull"}
    assert min(row["CPU s"] for row in rows) > 0

    asked = MadeProject(tmp_path / "asked", 18, validation=2)
    for stage in ("load", "prepare"):
        asked.run_stage(stage)
    _, report = ask(asked, OURS, 4)
    assert report["calls"] == 18 + 2
    assert set(report["texts"]) <= {*"ABCDE"}
