"""When the next call may start: as fast as the limits allow, those that are known and those that must be learned."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from potstill.teacher.api.replies import Limits

CATCH_UP_S = 0.05
# A server that is asked too fast refuses many of the calls that start one after the other; one that refuses now and
# then has other reasons, and to slow down for those would be slow for nothing. So each refusal counts 1, each other
# call takes a part of it back, and the greatest sum over the latest calls, in the order of their starts, decides (a
# CUSUM chart, Page 1954). Once a limit was met, more than one refusal in nine calls means that it is met again.
OTHER_CALL, OTHER_CALL_NEAR_LIMIT = -0.25, -0.12
TOO_FAST = 6.0
REMEMBERED = 256
FIRST_CUT, LATER_CUT = 0.7, 0.97
LEAST_RATE = 0.5
LEAST_PAUSE_S = 0.5
CALM_S, GROWTH_PER_S = 5.0, 1.03


@dataclass
class CallStart:
    """When a call started (monotonic, seconds), and whether the server refused it."""

    started: float
    refused: bool = False


class Pace:
    """Spaces the starts of calls, by requests and by tokens; both rates are per second, None without a limit."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        """Begin with what the user knows of the limits."""
        self._user_limits = Limits(requests_per_minute, tokens_per_minute)
        self._rate = _per_second(requests_per_minute)
        self._token_rate = _per_second(tokens_per_minute)
        self._next_call = self._next_tokens = self._closed_until = 0.0
        self._recent: deque[CallStart] = deque(maxlen=REMEMBERED)
        self._starts = self._answers = 0
        self._counting_since: float | None = None
        self._cut_at: float | None = None

    def opens_at(self) -> float:
        """Return when (monotonic) the next call may start, as far as is known now."""
        return max(self._closed_until, self._next_call - CATCH_UP_S, self._next_tokens)

    def start(self, tokens: float) -> CallStart:
        """Note that a call starts now that will take about so many tokens."""
        now = monotonic()
        self._counting_since = self._counting_since or now
        self._next_call = _after(self._next_call, now, 1, self._grown(self._rate, now))
        self._next_tokens = _after(self._next_tokens, now, tokens, self._token_rate)
        self._recent.append(start := CallStart(now))
        self._starts += 1
        return start

    def calls_per_second(self, tokens: float) -> float | None:
        """Return how many calls of so many tokens the limits allow a second, None where no limit is known."""
        rates = (self._grown(self._rate, monotonic()), self._token_rate and self._token_rate / tokens)
        return min((rate for rate in rates if rate), default=None)

    def _grown(self, rate: float | None, now: float) -> float | None:
        """Return a learned rate, raised slowly after a calm time: the limit may have been another run's share."""
        if rate is None or self._cut_at is None or now < self._cut_at + CALM_S:
            return rate
        return float(rate * GROWTH_PER_S ** (now - self._cut_at - CALM_S))

    def note_answer(self, expected_tokens: float, tokens: float | None, limits: Limits) -> None:
        """Correct the token limit by what an answer really took, and take over what its headers say of the limits."""
        self._answers += 1
        if tokens is not None and self._token_rate:
            self._next_tokens += (tokens - expected_tokens) / self._token_rate
        if self._user_limits.requests_per_minute is None and limits.requests_per_minute:
            self._rate, self._cut_at = _per_second(limits.requests_per_minute), None
        if self._user_limits.tokens_per_minute is None and limits.tokens_per_minute:
            self._token_rate = _per_second(limits.tokens_per_minute)

    def note_refusal(self, start: CallStart, retry_after_s: float | None) -> None:
        """Count a 429; where they are too many, pause and go on slower.

        A server's limit is a bucket of calls that fills at a steady rate. At each such moment it is empty, so what was
        answered since the last one is that rate. How full it was before the first one is not known: then every call
        that it took counts, which is too many rather than too few, and the next such moment corrects it.
        """
        start.refused = True
        other_call = OTHER_CALL if self._cut_at is None else OTHER_CALL_NEAR_LIMIT
        if self._counting_since is None or greatest_sum(self._recent, other_call) < TOO_FAST:
            return
        now = monotonic()
        elapsed_s = max(now - self._counting_since, 1e-3)
        refused = sum(call.refused for call in self._recent)
        first, later = FIRST_CUT * (self._starts - refused), LATER_CUT * self._answers
        measured = (first if self._cut_at is None else later) / elapsed_s
        if measured and self._user_limits.requests_per_minute is None:
            self._rate, self._cut_at = max(LEAST_RATE, measured), now
        self._closed_until = now + max(retry_after_s or 0.0, LEAST_PAUSE_S)
        self._recent.clear()
        self._starts = self._answers = 0
        self._counting_since = now

    def close_for(self, seconds: float) -> None:
        """Let no call start for so long: the server is away."""
        self._closed_until = max(self._closed_until, monotonic() + seconds)


def greatest_sum(starts: Iterable[CallStart], other_call: float) -> float:
    """Return the greatest sum up to the latest start, of 1 for each refusal and `other_call` for each other call."""
    greatest = total = 0.0
    for start in reversed(list(starts)):
        total += 1 if start.refused else other_call
        greatest = max(greatest, total)
    return greatest


def _after(due: float, now: float, amount: float, rate: float | None) -> float:
    """Return when the next call is due after one of this amount; at most CATCH_UP_S of unused time is made up for."""
    return 0.0 if rate is None else max(due, now - CATCH_UP_S) + amount / rate


def _per_second(per_minute: float | None) -> float | None:
    """Turn a rate per minute into one per second."""
    return per_minute / 60 if per_minute else None
