"""The endpoints of one teacher: which of them takes the next call, and what becomes of one that is away."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from time import monotonic

import click

from potstill.core.errors import FatalError, TransientError, UnreachableError
from potstill.teacher.api.client import Caller
from potstill.teacher.pace import CallStart, Pace

LONGEST_RETRY_AFTER_S = 600  # that a run waits for; where no server takes calls before, it ends
OUTAGE_PAUSE_S = (0.25, 5.0)  # the first and the longest, while a server cannot be reached
MOST_ERRORS = 3  # in a row, 429s not counted, before an endpoint is taken to be failing


class Health(IntEnum):
    """How likely it is that an endpoint answers: the lower the better."""

    WELL = 0
    FAILING = 1  # error after error
    AWAY = 2  # cannot be reached, or takes no calls before long


@dataclass(eq=False)
class Endpoint:
    """A client with its pace, and what is known of the server behind it.

    `lost_at` is when (monotonic) it could no longer be reached, None while it can. Since its latest answer, `refused`
    connections could not be made, and other `errors` came; `trouble` was the latest of both.
    """

    client: Caller
    pace: Pace
    in_flight: int = 0
    was_reached: bool = False
    lost_at: float | None = None
    refused: int = 0
    errors: int = 0
    trouble: str = ""
    warned_of: bool = False

    def health(self) -> Health:
        """Return what is to be expected of it now."""
        if self.lost_at is not None or self.pace.opens_at() > monotonic() + LONGEST_RETRY_AFTER_S:
            return Health.AWAY
        return Health.WELL if self.errors < MOST_ERRORS else Health.FAILING


class Endpoints:
    """Shares the calls among a teacher's endpoints.

    One in worse health than another gets one call at a time, now and then, to see whether it is back. Those in the best
    that there is get their calls, whatever it is, as a teacher's only endpoint does.
    """

    def __init__(self, endpoints: Sequence[Endpoint], concurrency: int, outage_s: float) -> None:
        """Keep the endpoints; when none can be reached any more, that costs no attempts for `outage_s` seconds."""
        self._all = endpoints
        self._concurrency = concurrency
        self._outage_s = outage_s
        self._queue = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """Return how many calls the servers have."""
        return sum(each.in_flight for each in self._all)

    @property
    def lost_at(self) -> float | None:
        """Return since when (monotonic) no endpoint can be reached, None where one can."""
        lost = [each.lost_at for each in self._all if each.lost_at is not None]
        return max(lost) if len(lost) == len(self._all) else None

    async def wait_for_start(
        self, tokens: float, not_before: Mapping[Endpoint, float]
    ) -> tuple[Endpoint, CallStart] | None:
        """Wait until a call of about so many tokens may start, and return where it does.

        `not_before` is when (monotonic) its request may be asked again where it failed. As long as that shuts it out
        of an endpoint, it does not wait here, where others might start: return None.
        """
        async with self._queue:
            while (opens_at := self.opens_at(not_before)) > (now := monotonic()):
                if any(moment > now for moment in not_before.values()):
                    return None
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(opens_at - now):
                        await self._changed.wait()
            endpoint = self._choose(tokens, not_before)
            endpoint.in_flight += 1
            return endpoint, endpoint.pace.start(tokens)

    def opens_at(self, not_before: Mapping[Endpoint, float]) -> float:
        """Return when (monotonic) a request may start at the first of the endpoints, as far as is known now."""
        return min(self._opening_times(not_before).values())

    def _opening_times(self, not_before: Mapping[Endpoint, float]) -> dict[Endpoint, float]:
        """Return when a request may start at each."""
        best = self._best_health()
        return {
            each: inf
            if each.in_flight and each.health() > best
            else max(each.pace.opens_at(), not_before.get(each, 0.0))
            for each in self._all
        }

    def _choose(self, tokens: float, not_before: Mapping[Endpoint, float]) -> Endpoint:
        """Return the one of those that are open with the fewest calls for its pace, rather none where it failed."""
        now = monotonic()
        opening_times = self._opening_times(not_before).items()
        rates = {each: each.pace.calls_per_second(tokens) for each, opens_at in opening_times if opens_at <= now}
        fastest = max((rate for rate in rates.values() if rate), default=1.0)
        return min(rates, key=lambda each: (each in not_before, each.in_flight / (rates[each] or fastest)))

    def has_another(self, not_before: Mapping[Endpoint, float]) -> bool:
        """Return whether an endpoint is well that a request need not wait for."""
        now = monotonic()
        return any(each.health() == Health.WELL and not_before.get(each, 0.0) <= now for each in self._all)

    def _best_health(self) -> Health:
        """Return the health of the endpoint that is best off."""
        return min(each.health() for each in self._all)

    def end_call(self, endpoint: Endpoint) -> None:
        """Note that a call has ended, whatever came of it."""
        endpoint.in_flight -= 1
        self._changed.set()

    def note_answer(self, endpoint: Endpoint) -> None:
        """Note that an endpoint answers, and warn once of each that is not well meanwhile."""
        endpoint.was_reached, endpoint.lost_at = True, None
        endpoint.refused = endpoint.errors = 0
        for each in self._all:
            if not each.warned_of and each is not endpoint and each.health() != Health.WELL:
                each.warned_of = True
                click.echo(
                    f"warning: {each.client.endpoint_host} does not answer ({each.trouble}); its calls go to the "
                    "teacher's other endpoints, and it is tried again now and then",
                    err=True,
                )

    def note_error(self, endpoint: Endpoint, error: TransientError) -> bool:
        """Learn from an error how an endpoint is, and return whether it costs an attempt.

        Raise FatalError where no endpoint was ever reached, or takes calls within LONGEST_RETRY_AFTER_S.
        """
        endpoint.trouble = str(error)
        if isinstance(error, UnreachableError):
            return not self._may_come_back(endpoint)
        if error.retry_after_s is not None and error.retry_after_s > LONGEST_RETRY_AFTER_S:
            self._leave_out(endpoint, error.retry_after_s)
        if error.throttled:
            endpoint.errors = 0
            return False
        endpoint.errors += 1
        if endpoint.health() > self._best_health():
            endpoint.pace.close_for(self._pause_s(endpoint.errors))
        return True

    def _leave_out(self, endpoint: Endpoint, seconds: float) -> None:
        """Start no call at an endpoint for so long; raise FatalError if all others are away, too."""
        endpoint.pace.close_for(seconds)
        asks = f"asks to wait for {seconds:.0f} s"
        if self._best_health() == Health.AWAY:
            raise FatalError(f"{endpoint.client.endpoint_host} {asks} ({endpoint.trouble}); run again then")
        endpoint.trouble = f"{endpoint.trouble}; it {asks}"

    def _may_come_back(self, endpoint: Endpoint) -> bool:
        """Return whether to be patient with an endpoint that cannot be reached, and pause its calls then.

        Raise FatalError if nobody has reached any yet: most likely they are misnamed.
        """
        endpoint.lost_at = endpoint.lost_at or monotonic()
        if self.lost_at is not None and not any(each.was_reached for each in self._all):
            lost = ", ".join(f"{each.client.endpoint_host} cannot be reached ({each.trouble})" for each in self._all)
            raise FatalError(f"{lost}; check the endpoint{'s' * (len(self._all) > 1)} and the network")
        lost_at = max(each.lost_at for each in self._all if each.lost_at is not None)
        if self._best_health() == Health.AWAY and monotonic() > lost_at + self._outage_s:
            return False
        endpoint.refused += 1
        endpoint.pace.close_for(self._pause_s(endpoint.refused))
        return True

    def _pause_s(self, errors: int) -> float:
        """Return for how long an endpoint is left alone, longer the more errors came of it."""
        shortest, longest = OUTAGE_PAUSE_S
        return min(longest, float(shortest * 2 ** min(errors // self._concurrency, 8)))
