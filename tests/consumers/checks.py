"""What a trainer should make of a row, how a difference is said, and how a script of this folder runs."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tiny_model import END, write_model

Check = Callable[[Path, Path], None]
IGNORED = -100


def read_rows(file: Path) -> list[dict]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def render(messages: list[dict]) -> str:
    """Return the text that the tiny model's chat template makes of messages."""
    return "".join(f"<|{message['role']}|>{message['content']}{END}" for message in messages)


def trained_text(tokenizer, labels) -> str:
    """Return what the loss is computed on: the labels but for those that stand for nothing."""
    return tokenizer.decode([int(label) for label in labels if label != IGNORED])


def check_equal(what: str, got: object, expected: object) -> None:
    """Exit with both where a trainer read something else than what the export holds."""
    if got != expected:
        sys.exit(f"{what}:\n  expected {expected!r}\n  got      {got!r}")


def run(checks: dict[str, Check]) -> None:
    """Call each check whose format the export has, with a folder that holds a model, and its file."""
    export = Path(sys.argv[1]).resolve()
    files = {name: export / f"{name}/train.jsonl" for name in checks}
    there = {name: file for name, file in files.items() if file.exists()}
    with tempfile.TemporaryDirectory() as folder:
        for name, file in there.items():
            own = Path(folder) / name
            write_model(own / "model")
            checks[name](own, file)
    sys.stdout.write(f"read {', '.join(there)}")
    if missing := [name for name in checks if name not in there]:
        sys.stdout.write(f"; not in this export: {', '.join(missing)}")
    sys.stdout.write("\n")
