import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from time import monotonic

import pytest

from potstill.teacher.api.replies import Limits
from potstill.teacher.pace import CallStart, Pace, greatest_sum


async def start_call(pace: Pace, tokens: float) -> CallStart:
    """Start a call as soon as it may."""
    while (pause_s := pace.opens_at() - monotonic()) > 0:
        await asyncio.sleep(pause_s)
    return pace.start(tokens)


def run_for(
    seconds: float, pace_of: Callable[[], Pace], call: Callable[[Pace], Awaitable[None]], workers: int = 8
) -> float:
    """Let workers call in turn for so long; return how many calls a second started."""

    async def run() -> float:
        pace, started, end = pace_of(), 0, monotonic() + seconds

        async def work() -> None:
            nonlocal started
            while monotonic() < end:
                await call(pace)
                started += 1

        await asyncio.gather(*(work() for _ in range(workers)))
        return started / seconds

    return asyncio.run(run())


def call_with(limits: Limits, tokens: float = 10) -> Callable[[Pace], Awaitable[None]]:
    """Return a call that is expected to take 10 tokens, and is answered at once with `tokens` and `limits`."""

    async def call(pace: Pace) -> None:
        await start_call(pace, 10)
        pace.note_answer(10, tokens, limits)

    return call


@pytest.mark.parametrize(
    ("pace", "call", "rate"),
    [
        pytest.param((6000, None), call_with(Limits()), 100, id="requests"),
        pytest.param((None, 60_000), call_with(Limits()), 100, id="tokens"),
        pytest.param((6000, 30_000), call_with(Limits()), 50, id="the narrower of both"),
        pytest.param((None, 60_000), call_with(Limits(), tokens=20), 50, id="more tokens than expected"),
        pytest.param((None, None), call_with(Limits(requests_per_minute=3000)), 50, id="by the server"),
        pytest.param((6000, None), call_with(Limits(requests_per_minute=60)), 100, id="by the user, not the server"),
    ],
)
def test_calls_start_as_fast_as_the_limits_allow_and_no_faster(
    pace: tuple[float | None, float | None], call: Callable[[Pace], Awaitable[None]], rate: float
) -> None:
    measured = run_for(0.5, lambda: Pace(*pace), call)
    assert 0.7 * rate <= measured <= rate + 2 * (5 + 8 + 8)  # what is caught up, and a worker's first and last call


def test_without_a_limit_calls_start_at_once() -> None:
    assert run_for(0.2, lambda: Pace(None, None), call_with(Limits())) > 1000


class Bucket:
    """A server that allows so many calls a second, and as many at once."""

    def __init__(self, rate: float) -> None:
        self.rate, self.store, self.filled_at = rate, rate, 0.0
        self.allowed = self.refused = 0

    async def call(self, pace: Pace) -> None:
        start = await start_call(pace, 1)
        now = monotonic()
        self.store = min(self.rate, self.store + (now - (self.filled_at or now)) * self.rate) - 1
        self.filled_at = now
        if self.store < 0:
            self.store += 1
            self.refused += 1
            pace.note_refusal(start, 0.2)
            await asyncio.sleep(0.05)
        else:
            self.allowed += 1
            await asyncio.sleep(0.02)
            pace.note_answer(1, 1, Limits())


def test_a_limit_that_nobody_names_is_learned_from_refusals() -> None:
    server = Bucket(rate=100)
    run_for(3.0, lambda: Pace(None, None), server.call, workers=10)
    assert server.refused <= 0.1 * server.allowed
    assert server.allowed >= 0.75 * 3 * server.rate


def test_refusals_now_and_then_slow_nothing_down() -> None:
    async def call(pace: Pace) -> None:
        start = await start_call(pace, 1)
        await asyncio.sleep(0.005)
        counts["calls"] += 1
        if counts["calls"] % 8 == 0:
            pace.note_refusal(start, 5)
        else:
            pace.note_answer(1, 1, Limits())

    counts = {"calls": 0}
    assert run_for(0.5, lambda: Pace(None, None), call) > 300


def longest_pauses(refused: Iterable[bool]) -> list[float]:
    """Make calls one after the other, refused or answered, and return the pauses above 0.3 s before them."""

    async def ask() -> list[float]:
        pace, starts = Pace(None, None), []
        for each in refused:
            start = await start_call(pace, 1)
            starts.append(monotonic())
            if each:
                pace.note_refusal(start, 0)
            else:
                pace.note_answer(1, 1, Limits())
        return [after - before for before, after in pairwise(starts) if after - before > 0.3]

    return asyncio.run(ask())


def test_one_refusal_in_six_means_more_once_a_limit_was_met() -> None:
    one_in_six = [number % 6 == 0 for number in range(150)]

    assert len(longest_pauses(one_in_six)) == 0
    assert len(longest_pauses([False] * 20 + [True] * 7 + one_in_six)) == 2


def test_a_server_that_refuses_from_the_first_call_on_is_paused_for_and_not_crept_up_to() -> None:
    assert longest_pauses([True] * 6 + [False] * 20) == [pytest.approx(0.5, abs=0.2)]


@pytest.mark.parametrize(
    ("refused", "total"),
    [
        pytest.param([], 0, id="no calls"),
        pytest.param([False] * 9, 0, id="none refused"),
        pytest.param([True] * 3, 3, id="all refused"),
        pytest.param([True, True, False, True], 2.75, id="a part back for another call"),
        pytest.param([True] * 5 + [False] * 100, 0, id="long ago"),
    ],
)
def test_refusals_are_summed_up_to_the_latest_call(refused: list[bool], total: float) -> None:
    assert greatest_sum([CallStart(0.0, each) for each in refused], -0.25) == total


def test_no_call_starts_while_the_server_is_away() -> None:
    async def wait() -> float:
        pace, before = Pace(None, None), monotonic()
        pace.close_for(0.3)
        await start_call(pace, 1)
        return monotonic() - before

    assert asyncio.run(wait()) >= 0.3
