"""This project's stage: it reads data/requests, keeps each answer in the journal, and writes data/responses."""

import json
from pathlib import Path

import potstill.teacher.api.azure  # noqa: F401 (the stage imports it with its first call, and imports are timed apart)
from stages.infer import main

PATHS = {"requests": "data/requests", "responses": "data/responses", "ledger": "data/ledger", "log": "logs/infer.json"}


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Run the stage in this folder, whose params.yaml and environment say what to ask where."""
    main([word for name, path in PATHS.items() for word in (f"--{name}", path)], standalone_mode=False)
    return [json.loads(line)["content"] for line in Path("data/responses/train.jsonl").read_text("utf-8").splitlines()]
