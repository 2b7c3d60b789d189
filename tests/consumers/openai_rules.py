"""The rules that OpenAI documents for rows of chat that a model is fine-tuned on.

No released client checks such rows before they are sent. The rules are those of OpenAI's cookbook
(examples/Chat_finetuning_data_prep.ipynb) and of the guide "Supervised fine-tuning"; the service itself answers
`invalid_n_examples`, "Training file has 7 example(s), but must have at least 10 examples".
"""

import json
from collections.abc import Iterator
from pathlib import Path

FEWEST_ROWS = 10
ROLES = {"system", "user", "assistant"}


def find_violations(file: Path) -> list[str]:
    """Return a sentence for each rule that a file of `messages` breaks."""
    content = file.read_bytes().decode("utf-8")
    lines = content.splitlines()
    few = [f"{len(lines)} rows, expected at least {FEWEST_ROWS}"] if len(lines) < FEWEST_ROWS else []
    return few + [f"row {number}: {why}" for number, line in enumerate(lines) for why in _row_violations(line)]


def _row_violations(line: str) -> Iterator[str]:
    try:
        row = json.loads(line)
    except ValueError:
        yield "not JSON"
        return
    if not isinstance(row, dict) or set(row) != {"messages"} or not isinstance(row["messages"], list):
        yield "expected a list `messages` and nothing else"
        return
    for message in row["messages"]:
        if set(message) != {"role", "content"}:
            yield f"expected role and content in a message, got {sorted(message)}"
        elif message["role"] not in ROLES:
            yield f"unknown role {message['role']!r}"
        elif not isinstance(message["content"], str) or not message["content"].strip():
            yield f"empty content of {message['role']}"
    if not row["messages"] or row["messages"][-1].get("role") != "assistant":
        yield "the last message is not the assistant's"
