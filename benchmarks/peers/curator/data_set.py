"""bespokelabs-curator's LLM over a list of rows, with limits that are too high to slow it."""

import os
from importlib.util import find_spec
from pathlib import Path

# It counts tokens by an encoding that it would download, and that litellm, which it requires, carries.
os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(find_spec("litellm").origin).parent / "litellm_core_utils/tokenizers")

from bespokelabs import curator


class Asker(curator.LLM):
    """Sends a row's messages, and keeps the row's number with the answer."""

    def prompt(self, row: dict) -> list[dict[str, str]]:
        """Return the messages of a row."""
        return row["messages"]

    def parse(self, row: dict, response: str) -> dict:
        """Return the answer with the row's number."""
        return {"number": row["number"], "text": response}


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask through its backend for OpenAI's API; a row that fails to the end is missing from what it returns."""
    asker = Asker(
        model_name="loopback",
        backend="openai",
        generation_params={"max_tokens": 16, "temperature": 0},
        backend_params={
            "base_url": endpoint,
            "api_key": "unused",
            "max_concurrent_requests": concurrency,
            "max_requests_per_minute": 1_000_000,
            "max_tokens_per_minute": 10_000_000_000,
            "require_all_responses": False,
        },
    )
    answers = asker([{"number": number, "messages": messages} for number, messages in enumerate(conversations)])
    texts = {row["number"]: row["text"] for row in answers.dataset}
    return [texts.get(number) for number in range(len(conversations))]
