"""What an actor of the cluster does: it makes the attempts that it is given, with a client of its own."""

import asyncio
from collections.abc import Sequence

from potstill.core.catalogues import Teacher
from potstill.core.records import Chat
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Limits, Reply

NumberedCall = tuple[int, Chat]
NumberedOutcome = tuple[int, Reply | Exception]


class Worker:
    """Makes each attempt at once, since the driver has paced it, and keeps what comes until the driver takes it."""

    def __init__(self, teacher: Teacher, credentials: Credentials, timeout_s: float) -> None:
        """Keep whom to ask; open no connection yet."""
        self._client = connect(teacher, credentials, timeout_s)
        self._timeout_s = timeout_s
        self._calls: set[asyncio.Task[None]] = set()
        self._outcomes: list[NumberedOutcome] = []
        self._came = asyncio.Event()

    async def wait_until_ready(self) -> None:
        """Return once the actor runs."""

    async def start(self, calls: Sequence[NumberedCall]) -> None:
        """Start calls, and return before they end."""
        for number, chat in calls:
            call = asyncio.create_task(self._attempt(number, chat))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def take(self) -> tuple[list[NumberedOutcome], Limits]:
        """Wait until a call has ended, and return all outcomes since the last time, and what is known of the limits."""
        await self._came.wait()
        self._came.clear()
        outcomes, self._outcomes = self._outcomes, []
        return outcomes, self._client.limits

    async def _attempt(self, number: int, chat: Chat) -> None:
        """Make one attempt, bounded as on one machine, so that one that the driver gave up ends here, too."""
        outcome: Reply | Exception
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await self._client.complete(chat)
        except Exception as error:  # noqa: BLE001 (whatever it is, the driver is to raise it)
            outcome = error
        self._outcomes.append((number, outcome))
        self._came.set()
