"""The asynchronous client as its documentation shows it, in a gather with a semaphore."""

import asyncio

from azure.ai.inference.aio import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential


async def ask_all(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask all at once, but for the semaphore."""
    slots = asyncio.Semaphore(concurrency)

    async def ask_one(messages: list[dict[str, str]]) -> str | None:
        async with slots:
            try:
                response = await client.complete(messages=messages, model="loopback", max_tokens=16, temperature=0)
                return response.choices[0].message.content
            except Exception:  # noqa: BLE001 (an error shall not cost the other rows)
                return None

    async with ChatCompletionsClient(endpoint=endpoint, credential=AzureKeyCredential("unused")) as client:
        return await asyncio.gather(*map(ask_one, conversations))


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask in an event loop."""
    return asyncio.run(ask_all(conversations, endpoint, concurrency))
