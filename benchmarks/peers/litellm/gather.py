"""litellm's acompletion with its retries, in a gather with a semaphore.

Its Router refuses what is above `max_parallel_requests` rather than let it wait, which lost more than half of the rows.
"""

import asyncio

from litellm import acompletion


async def ask_all(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask all at once, but for the semaphore."""
    slots = asyncio.Semaphore(concurrency)
    served = {"model": "openai/loopback", "api_base": endpoint, "api_key": "unused", "num_retries": 2}

    async def ask_one(messages: list[dict[str, str]]) -> str | None:
        async with slots:
            try:
                response = await acompletion(messages=messages, max_tokens=16, temperature=0, **served)
                return response.choices[0].message.content
            except Exception:  # noqa: BLE001 (an error shall not cost the other rows)
                return None

    return await asyncio.gather(*map(ask_one, conversations))


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask in an event loop."""
    return asyncio.run(ask_all(conversations, endpoint, concurrency))
