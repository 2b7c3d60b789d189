"""docs/architecture.md names what exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\| .* \| `(potstill/\S+\.py)` \| (.*) \|$", TEXT, re.MULTILINE)


def test_every_file_and_folder_exists() -> None:
    named = set(re.findall(r"`((?:stages|potstill|tests)/\S*)`", TEXT))
    assert len(named) > 40
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize(("file", "functions"), STEPS, ids=[file for file, _ in STEPS])
def test_every_step_names_functions_of_its_file(file: str, functions: str) -> None:
    nodes = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    named = set(re.findall(r"`(\w+)`", functions))
    assert named
    assert named <= defined


def test_every_package_has_a_row() -> None:
    packages = {f"{path.parent.relative_to(ROOT)}/" for path in (ROOT / "potstill").rglob("__init__.py")} - {
        "potstill/"
    }
    assert packages <= set(re.findall(r"^\| `(\S+/)` \|", TEXT, re.MULTILINE))
