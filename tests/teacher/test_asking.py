import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count
from threading import Timer
from urllib.parse import urlsplit

import pytest

from potstill.core.catalogues import Teacher
from potstill.core.errors import FatalError, TransientError, UnreachableError
from potstill.core.params_file import load_params
from potstill.core.records import Chat, Message
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Limits, Reply
from potstill.teacher.asking import Asker, Bounds, Failure
from potstill.teacher.budget import Budget
from potstill.teacher.endpoints import Endpoint
from potstill.teacher.pace import Pace
from tests.project import ROOT
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

KEY = "not-a-real-key-8f3a"
TEACHER = Teacher(provider="azure", model="m")
PARAMS = load_params(ROOT / "tests/params.yaml")  # without a budget
NOW = {"Retry-After": "0"}
THROTTLED = refusal(429, headers=NOW)
BUSY = refusal(503, headers=NOW)
REPLY = Reply("answered", "A", None, "stop", "m", None, None)
REJECTED = refusal(400, "context_length_exceeded", "too long")

Outcomes = dict[str, Reply | Failure]


def ask_all(
    teacher: TeacherServer,
    questions: Sequence[str],
    *,
    concurrency: int = 4,
    timeout_s: float = 5,
    max_attempts: int = 3,
    outage_s: float = 60,
    grace_s: float = 10,
    requests_per_minute: float | None = None,
    on_outcome: Callable[[], None] = lambda: None,
) -> tuple[Outcomes, int]:
    """Ask the questions, each its own key; return the outcomes in the order of arrival, and the retries."""
    outcomes: Outcomes = {}

    def record(key: str, outcome: Reply | Failure, endpoint_host: str) -> None:
        assert endpoint_host == "127.0.0.1"
        assert key not in outcomes
        outcomes[key] = outcome
        on_outcome()

    async def ask() -> int:
        client = connect(TEACHER, Credentials(teacher.endpoint, KEY, "TEACHER_MODEL"), timeout_s)
        bounds = Bounds(
            concurrency, timeout_s, max_attempts, max_failures_in_a_row=20, outage_s=outage_s, grace_s=grace_s
        )
        endpoint = Endpoint(client, Pace(requests_per_minute, None))
        asker = Asker([endpoint], Budget(PARAMS), bounds, record)
        await asker.ask_all(iter([(text, Chat([Message(role="user", content=text)])) for text in questions]))
        await client.close()
        if asker.error:
            raise asker.error
        return asker.retries

    retries = asyncio.run(ask())
    return outcomes, retries


def numbered(count: int) -> list[str]:
    return [f"question {number}" for number in range(count)]


def contents(outcomes: Outcomes) -> dict[str, str | None]:
    return {key: outcome.content if isinstance(outcome, Reply) else None for key, outcome in outcomes.items()}


@pytest.mark.parametrize("concurrency", [1, 8])
def test_so_many_calls_are_in_flight_as_there_are_slots(teacher: TeacherServer, concurrency: int) -> None:
    teacher.default = Answer(completion(), delay_s=0.1)

    ask_all(teacher, numbered(2 * concurrency), concurrency=concurrency)

    assert teacher.most_in_flight == concurrency


def test_each_question_gets_its_own_answer(teacher: TeacherServer) -> None:
    questions = numbered(50)
    for number, text in enumerate(questions):
        teacher.script_for(text, Answer(completion(f"answer {number}"), delay_s=number % 7 / 100))

    outcomes, retries = ask_all(teacher, questions, concurrency=16)

    assert contents(outcomes) == {text: f"answer {number}" for number, text in enumerate(questions)}
    assert (retries, len(teacher.calls)) == (0, 50)


def test_a_request_that_fails_disturbs_no_other_and_its_further_attempts_are_counted(teacher: TeacherServer) -> None:
    teacher.script_for("question 1", BUSY, refusal(500, message="the last straw", headers=NOW))
    teacher.script_for("question 3", REJECTED)
    teacher.script_for("question 5", BUSY)

    outcomes, retries = ask_all(teacher, numbered(8), max_attempts=2)

    failed = {key: outcome.message for key, outcome in outcomes.items() if isinstance(outcome, Failure)}
    assert set(failed) == {"question 1", "question 3"}
    assert "status 500" in failed["question 1"]
    assert "the last straw" in failed["question 1"]
    assert (len(outcomes), retries, len(teacher.calls)) == (8, 2, 10)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(completion(), fault="cut"), id="cut"),
        pytest.param(Answer(b"<html>"), id="HTML"),
        pytest.param(Answer(completion(), fault="hang"), id="hang"),
        pytest.param(Answer(completion(), fault="drip"), id="drip"),
    ],
)
def test_a_fault_that_may_pass_is_asked_again(teacher: TeacherServer, fault: Answer) -> None:
    teacher.script(fault)
    started = time.monotonic()

    outcomes, retries = ask_all(teacher, ["question"], max_attempts=2, timeout_s=0.3)

    assert contents(outcomes) == {"question": "A"}
    assert (retries, len(teacher.calls)) == (1, 2)
    assert time.monotonic() - started < 3  # an attempt is bounded in time


def test_being_asked_to_slow_down_costs_no_attempt(teacher: TeacherServer) -> None:
    teacher.script(*[THROTTLED] * 2)

    outcomes, retries = ask_all(teacher, ["question"], max_attempts=1)

    assert contents(outcomes) == {"question": "A"}
    assert retries == 2


def test_waiting_for_a_slot_is_no_part_of_an_attempts_time(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=0.2)

    outcomes, retries = ask_all(teacher, numbered(4), concurrency=1, timeout_s=0.5)

    assert set(contents(outcomes).values()) == {"A"}
    assert retries == 0


def test_the_pause_is_as_long_as_the_server_asked_and_holds_no_slot(teacher: TeacherServer) -> None:
    teacher.script_for("throttled", refusal(429, headers={"retry-after-ms": "600"}))
    started = time.monotonic()

    outcomes, _ = ask_all(teacher, ["throttled", "other"], concurrency=1)

    assert 0.6 <= time.monotonic() - started < 2.5
    assert teacher.questions() == ["throttled", "other", "throttled"]
    assert list(outcomes) == ["other", "throttled"]


def test_what_no_call_can_mend_stops_all_with_few_calls(teacher: TeacherServer) -> None:
    teacher.default = refusal(401)

    with pytest.raises(FatalError, match=r"127\.0\.0\.1 answered status 401"):
        ask_all(teacher, numbered(100), concurrency=4)

    assert len(teacher.calls) <= 8


def test_what_no_call_can_mend_waits_for_no_call_that_hangs(teacher: TeacherServer) -> None:
    teacher.script_for("question 0", Answer(fault="hang"))
    teacher.script_for("question 1", refusal(401))
    started = time.monotonic()

    with pytest.raises(FatalError):
        ask_all(teacher, numbered(2), timeout_s=30, grace_s=0.5)

    assert time.monotonic() - started < 5


def test_what_no_call_can_mend_starts_no_call_and_keeps_those_in_flight(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=0.5)
    fatal = refusal(429, "insufficient_quota", "no credit")
    teacher.script_for("question 0", Answer(fatal.body, fatal.status, delay_s=0.2))
    kept: list[int] = []

    with pytest.raises(FatalError, match="no credit"):
        ask_all(teacher, numbered(100), concurrency=4, on_outcome=lambda: kept.append(1))

    assert (len(teacher.calls), len(kept)) == (4, 3)


def test_what_no_call_can_mend_lets_no_call_start_that_waits_for_its_turn(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=1)
    teacher.script_for("question 0", Answer(refusal(401).body, 401, delay_s=0.2))

    with pytest.raises(FatalError):
        ask_all(teacher, numbered(100), concurrency=12, requests_per_minute=600)

    assert len(teacher.calls) <= 6  # four start by then, and the others would start while those are in flight


def test_an_error_in_recording_an_answer_stops_all_too(teacher: TeacherServer) -> None:
    def refuse() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        ask_all(teacher, numbered(100), on_outcome=refuse)

    assert len(teacher.calls) <= 8


def test_20_failures_in_a_row_stop_all_and_name_the_last(teacher: TeacherServer) -> None:
    teacher.default = REJECTED

    with pytest.raises(FatalError, match=r"20 requests failed in a row, the last with status 400: .*too long"):
        ask_all(teacher, numbered(100), concurrency=1)

    assert len(teacher.calls) in (20, 21)  # the next call may have left before the stop reaches it


def test_a_success_between_failures_begins_the_count_anew(teacher: TeacherServer) -> None:
    teacher.script(*[REJECTED] * 19, Answer(completion()), *[REJECTED] * 19)

    outcomes, _ = ask_all(teacher, numbered(39), concurrency=1)

    assert len(outcomes) == 39
    assert sum(isinstance(outcome, Failure) for outcome in outcomes.values()) == 38


def test_a_server_that_asks_to_wait_for_hours_ends_the_run_in_a_sentence(teacher: TeacherServer) -> None:
    teacher.default = refusal(429, headers={"Retry-After": "86400"})

    with pytest.raises(FatalError, match=r"127\.0\.0\.1 asks to wait for 86400 s .*; run again then"):
        ask_all(teacher, numbered(3))


def test_a_server_that_nobody_reached_yet_is_fatal_and_named(teacher: TeacherServer) -> None:
    teacher.stop()

    with pytest.raises(FatalError, match=r"127\.0\.0\.1 cannot be reached .*; check the endpoint and the network"):
        ask_all(teacher, numbered(20))


def test_a_server_that_stays_away_costs_attempts_in_the_end(teacher: TeacherServer) -> None:
    outcomes, retries = ask_all(
        teacher, ["before", "after"], concurrency=1, max_attempts=2, outage_s=1, on_outcome=teacher.stop
    )

    assert contents(outcomes) == {"before": "A", "after": None}
    assert retries >= 2  # without the patience there would be one; the call that the stop breaks costs an attempt, too


def test_a_server_that_is_back_after_a_while_costs_no_attempt(teacher: TeacherServer) -> None:
    back = TeacherServer(port=urlsplit(teacher.endpoint).port or 0)
    returning = Timer(2, back.__enter__)
    outcome_number = count(1)

    def stop_after_the_fourth() -> None:
        if next(outcome_number) == 4:
            teacher.stop()
            returning.start()

    teacher.default = Answer(completion(), delay_s=0.05)
    try:
        outcomes, retries = ask_all(
            teacher, numbered(40), concurrency=4, max_attempts=2, on_outcome=stop_after_the_fourth
        )
    finally:
        returning.join()
        back.stop()

    assert contents(outcomes) == dict.fromkeys(numbered(40), "A")
    assert 4 <= retries <= 4 * 12
    assert len(back.calls) >= 32


def test_a_server_that_answers_an_error_is_no_longer_lost() -> None:
    """The endpoint's part is played by a script, since no server can be refused and answer at known moments."""
    away, busy = UnreachableError("connection refused"), TransientError("status 503", retry_after_s=0)
    replies = [REPLY, away, busy, REPLY]
    lost: list[bool] = []

    class Script:
        endpoint_host, limits = "scripted", Limits()

        async def complete(self, messages: Sequence[Message]) -> Reply:
            assert messages
            lost.append(asker.lost_at is not None)
            outcome = replies.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    async def ask_both() -> None:
        nonlocal asker
        bounds = Bounds(1, timeout_s=5, max_attempts=3, max_failures_in_a_row=20)
        endpoint = Endpoint(Script(), Pace(None, None))
        asker = Asker([endpoint], Budget(PARAMS), bounds, lambda *_: None)
        await asker.ask_all(iter([(text, Chat([Message(role="user", content=text)])) for text in numbered(2)]))

    asker: Asker
    asyncio.run(ask_both())
    assert lost == [False, False, True, False]
