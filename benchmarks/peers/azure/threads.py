"""The synchronous client in a pool of threads."""

from concurrent.futures import ThreadPoolExecutor

from azure.ai.inference import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask from as many threads as calls may be in flight."""
    client = ChatCompletionsClient(endpoint=endpoint, credential=AzureKeyCredential("unused"))

    def ask_one(messages: list[dict[str, str]]) -> str | None:
        try:
            response = client.complete(messages=messages, model="loopback", max_tokens=16, temperature=0)
            return response.choices[0].message.content
        except Exception:  # noqa: BLE001 (an error shall not cost the other rows)
            return None

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(ask_one, conversations))
