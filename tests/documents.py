"""The README and docs as tests read them: their fenced blocks, and the commands in these."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHARING = (ROOT / "docs/sharing.md").read_text(encoding="utf-8")


def code_blocks(language: str, text: str) -> list[str]:
    """Return the fenced blocks of a language ("" for none) without their fences."""
    pieces = re.split(r"^```(.*)\n", text, flags=re.MULTILINE)
    return [body for name, body in zip(pieces[1::4], pieces[2::4], strict=True) if name == language]


def commands(block: str) -> list[str]:
    """Return the commands of a block, without their comments."""
    lines = [line.partition(" #")[0].strip() for line in block.splitlines()]
    return [line for line in lines if line]


def merge_recipe() -> list[str]:
    """Return the commands by which docs/sharing.md resolves a merge's conflict in dvc.lock."""
    (block,) = [block for block in code_blocks("bash", SHARING) if "--ours" in block]
    return commands(block)


def with_tests_python(command: str) -> str:
    """Let `make` take the Python of the tests for the one that `make setup` makes."""
    return re.sub(r"^make ", "make --assume-old=.venv/.ready ", command)
