"""The driver's side: a client whose attempts are made by the actors of a cluster."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ray.actor import ActorHandle
from ray.exceptions import RayActorError, RayError

from potstill.core.errors import FatalError, TransientError
from potstill.core.records import Chat
from potstill.teacher.api.replies import Limits, Reply
from potstill.teacher.cluster.worker import NumberedCall


@dataclass(eq=False)
class Member:
    """An actor that is ready, with the calls that it has and those of them that it is yet to be sent."""

    actor: ActorHandle
    calls: dict[int, asyncio.Future[Reply]] = field(default_factory=dict)
    unsent: list[NumberedCall] = field(default_factory=list)
    sending: bool = False


class ClusterClient:
    """One teacher, asked by many actors; `limits` is what its headers last said to any of them.

    An actor has only calls that the asker has started, so one that is lost takes no more than those with it.
    """

    def __init__(
        self,
        endpoint_host: str,
        new_actor: Callable[[], ActorHandle],
        ready: Iterable[ActorHandle],
        starting: Iterable[ActorHandle],
    ) -> None:
        """Keep the actors, those that are still starting to join later; `new_actor` replaces one that is lost."""
        self.endpoint_host = endpoint_host
        self.limits = Limits()
        self._new_actor = new_actor
        self._numbers = count()
        self._members = [Member(actor) for actor in ready]
        self._tasks: set[asyncio.Task[None]] = set()
        self._joining = 0
        self._joined = asyncio.Event()
        for member in self._members:
            self._spawn(self._follow(member))
        for actor in starting:
            self._invite(actor)

    async def complete(self, chat: Chat) -> Reply:
        """Have the least busy actor ask once; raise what it raised, or a TransientError if it was lost meanwhile.

        While no actor is ready, and one is to come, it waits; raise a FatalError if none is.
        """
        while not self._members:
            if not self._joining:
                raise FatalError("the Ray cluster has lost every actor of this run; run again when it has nodes")
            self._joined.clear()
            await self._joined.wait()
        member = min(self._members, key=lambda each: len(each.calls))
        number = next(self._numbers)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        member.calls[number] = reply
        member.unsent.append((number, chat))
        if not member.sending:
            member.sending = True
            self._spawn(self._send(member))
        try:
            return await reply
        finally:
            member.calls.pop(number, None)

    async def _send(self, member: Member) -> None:
        """Send an actor its calls; those that come while some are on their way go together."""
        try:
            while calls := [
                call for call in member.unsent if call[0] in member.calls
            ]:  # others were given up meanwhile
                member.unsent = []
                await member.actor.start.remote(calls)
        except RayActorError:
            pass  # which `_follow` meets, too
        except RayError as error:
            for number, _ in calls:
                settle(member.calls.get(number), error)
        finally:
            member.unsent, member.sending = [], False

    def _invite(self, actor: ActorHandle) -> None:
        """Have an actor join that is still starting."""
        self._joining += 1
        self._spawn(self._join(actor))

    async def _join(self, actor: ActorHandle) -> None:
        """Use an actor from when it is ready; one that cannot start is not missed."""
        try:
            await actor.wait_until_ready.remote()
            self._members.append(member := Member(actor))
        except RayError:
            return
        finally:
            self._joining -= 1
            self._joined.set()
        await self._follow(member)

    async def _follow(self, member: Member) -> None:
        """Hand on what comes from an actor until it is lost; then have another one."""
        error: Exception
        try:
            while True:
                outcomes, self.limits = await member.actor.take.remote()
                for number, outcome in outcomes:
                    settle(member.calls.get(number), outcome)
        except RayActorError:
            error = TransientError("the node of the Ray cluster that asked was lost")
            self._invite(self._new_actor())
        except Exception as unexpected:  # noqa: BLE001 (whoever waits for a call is to raise it)
            error = unexpected
        self._members.remove(member)
        for reply in member.calls.values():
            settle(reply, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a part of the work beside the others."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Hand on nothing more; the actors end when the driver leaves the cluster."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def settle(reply: asyncio.Future[Reply] | None, outcome: Reply | Exception) -> None:
    """Give a call that still waits its outcome."""
    if reply is None or reply.done():
        return
    if isinstance(outcome, Exception):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)
