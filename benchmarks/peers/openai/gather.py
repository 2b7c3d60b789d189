"""AsyncOpenAI as its documentation shows it, in a gather with a semaphore."""

import asyncio

from openai import AsyncOpenAI


async def ask_all(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask all at once, but for the semaphore."""
    slots = asyncio.Semaphore(concurrency)

    async def ask_one(messages: list[dict[str, str]]) -> str | None:
        async with slots:
            try:
                completion = await client.chat.completions.create(
                    messages=messages, model="loopback", max_tokens=16, temperature=0
                )
                return completion.choices[0].message.content
            except Exception:  # noqa: BLE001 (an error shall not cost the other rows)
                return None

    async with AsyncOpenAI(base_url=endpoint, api_key="unused") as client:
        return await asyncio.gather(*map(ask_one, conversations))


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask in an event loop."""
    return asyncio.run(ask_all(conversations, endpoint, concurrency))
