import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from urllib.parse import urlsplit

import pytest

from potstill.core.errors import FatalError
from potstill.core.params import Teacher
from potstill.core.records import Message
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Reply
from potstill.teacher.asking import Asker, Bounds, Failure
from potstill.teacher.budget import Budget
from potstill.teacher.pace import Pace
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

KEY = "not-a-real-key-8f3a"
TEACHER = Teacher(provider="azure", model="m")
NOW = {"Retry-After": "0"}
THROTTLED = refusal(429, headers=NOW)
BUSY = refusal(503, headers=NOW)
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
    on_outcome: Callable[[], None] = lambda: None,
) -> tuple[Outcomes, int]:
    """Ask the questions, each its own key; return the outcomes in the order of arrival, and the retries."""
    outcomes: Outcomes = {}

    def record(key: str, outcome: Reply | Failure) -> None:
        assert key not in outcomes
        outcomes[key] = outcome
        on_outcome()

    async def ask() -> int:
        client = connect(TEACHER, Credentials(teacher.endpoint, KEY, "TEACHER_MODEL"), timeout_s)
        bounds = Bounds(
            concurrency, timeout_s, max_attempts, max_failures_in_a_row=20, outage_s=outage_s, grace_s=grace_s
        )
        asker = Asker(client, Pace(None, None), Budget("t", TEACHER, None), bounds)
        try:
            await asker.ask_all(iter([(text, [Message(role="user", content=text)]) for text in questions]), record)
        finally:
            await client.close()
        return asker.retries

    retries = asyncio.run(ask())
    return outcomes, retries


def numbered(count: int) -> list[str]:
    return [f"question {number}" for number in range(count)]


def contents(outcomes: Outcomes) -> dict[str, str | None]:
    return {key: outcome.content if isinstance(outcome, Reply) else None for key, outcome in outcomes.items()}


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_so_many_calls_are_in_flight_as_there_are_slots(teacher: TeacherServer, concurrency: int) -> None:
    teacher.default = Answer(completion(), delay_s=0.1)

    ask_all(teacher, numbered(16 if concurrency > 1 else 4), concurrency=concurrency)

    assert teacher.most_in_flight == concurrency


def test_each_question_gets_its_own_answer(teacher: TeacherServer) -> None:
    questions = numbered(50)
    for number, text in enumerate(questions):
        teacher.script_for(text, Answer(completion(f"answer {number}"), delay_s=number % 7 / 100))

    outcomes, retries = ask_all(teacher, questions, concurrency=16)

    assert contents(outcomes) == {text: f"answer {number}" for number, text in enumerate(questions)}
    assert (retries, len(teacher.calls)) == (0, 50)


def test_a_request_that_fails_disturbs_no_other(teacher: TeacherServer) -> None:
    teacher.script_for("question 1", *[BUSY] * 2)
    teacher.script_for("question 3", REJECTED)
    teacher.script_for("question 5", *[Answer(fault="reset")] * 2)

    outcomes, _ = ask_all(teacher, numbered(8), max_attempts=2)

    failed = {key for key, outcome in outcomes.items() if isinstance(outcome, Failure)}
    assert failed == {"question 1", "question 3", "question 5"}
    assert len(outcomes) == 8


def test_attempts_after_the_first_are_counted_as_retries(teacher: TeacherServer) -> None:
    teacher.script_for("question 0", BUSY)
    teacher.script_for("question 1", Answer(fault="cut"), THROTTLED)

    outcomes, retries = ask_all(teacher, numbered(3))

    assert retries == 3
    assert set(contents(outcomes).values()) == {"A"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(BUSY, id="503"),
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(completion(), fault="cut"), id="cut"),
        pytest.param(Answer(b"<html>"), id="HTML"),
        pytest.param(Answer({"choices": []}), id="no choices"),
    ],
)
def test_a_fault_that_may_pass_is_asked_again(teacher: TeacherServer, fault: Answer) -> None:
    teacher.script(fault)

    outcomes, retries = ask_all(teacher, ["question"], max_attempts=2)

    assert contents(outcomes) == {"question": "A"}
    assert (retries, len(teacher.calls)) == (1, 2)


def test_a_request_fails_with_the_last_error_when_its_attempts_are_used_up(teacher: TeacherServer) -> None:
    teacher.script(BUSY, BUSY, refusal(500, message="the last straw", headers=NOW))

    outcomes, _ = ask_all(teacher, ["question"], max_attempts=3)

    failure = outcomes["question"]
    assert isinstance(failure, Failure)
    assert "status 500" in failure.message
    assert "the last straw" in failure.message
    assert len(teacher.calls) == 3


def test_a_rejected_request_is_not_asked_again(teacher: TeacherServer) -> None:
    teacher.script(REJECTED)

    outcomes, _ = ask_all(teacher, ["question"], max_attempts=3)

    assert isinstance(outcomes["question"], Failure)
    assert len(teacher.calls) == 1


def test_being_told_to_slow_down_costs_no_attempt(teacher: TeacherServer) -> None:
    teacher.script(*[THROTTLED] * 4)

    outcomes, retries = ask_all(teacher, ["question"], max_attempts=1)

    assert contents(outcomes) == {"question": "A"}
    assert retries == 4


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_an_attempt_is_bounded_in_time(teacher: TeacherServer, fault: str) -> None:
    teacher.script(Answer(completion(), fault=fault))  # type: ignore[arg-type]
    started = time.monotonic()

    outcomes, _ = ask_all(teacher, ["question"], timeout_s=0.3, max_attempts=1)

    assert isinstance(outcomes["question"], Failure)
    assert 0.3 <= time.monotonic() - started < 2


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_an_attempt_that_took_too_long_is_made_again(teacher: TeacherServer, fault: str) -> None:
    teacher.script(Answer(completion(), fault=fault))  # type: ignore[arg-type]

    outcomes, _ = ask_all(teacher, ["question"], timeout_s=0.3, max_attempts=2)

    assert contents(outcomes) == {"question": "A"}


def test_waiting_for_a_slot_is_no_part_of_an_attempts_time(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=0.2)

    outcomes, retries = ask_all(teacher, numbered(4), concurrency=1, timeout_s=0.5)

    assert set(contents(outcomes).values()) == {"A"}
    assert retries == 0


def test_the_pause_before_another_attempt_holds_no_slot(teacher: TeacherServer) -> None:
    teacher.script_for("throttled", refusal(429, headers={"Retry-After": "1"}))

    outcomes, _ = ask_all(teacher, ["throttled", "other"], concurrency=1)

    assert teacher.questions() == ["throttled", "other", "throttled"]
    assert list(outcomes) == ["other", "throttled"]


def test_the_pause_is_as_long_as_the_server_asked(teacher: TeacherServer) -> None:
    teacher.script(refusal(429, headers={"retry-after-ms": "600"}))
    started = time.monotonic()

    ask_all(teacher, ["question"])

    assert 0.6 <= time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "fatal",
    [
        pytest.param(refusal(401), id="401"),
        pytest.param(refusal(403), id="403"),
        pytest.param(refusal(404), id="404"),
        pytest.param(refusal(400, "unknown_model"), id="unknown model"),
    ],
)
def test_what_no_call_can_mend_stops_all_with_few_calls(teacher: TeacherServer, fatal: Answer) -> None:
    teacher.default = fatal

    with pytest.raises(FatalError, match=r"127\.0\.0\.1 answered status 40"):
        ask_all(teacher, numbered(100), concurrency=4)

    assert len(teacher.calls) <= 8


def test_what_no_call_can_mend_waits_for_no_call_that_hangs(teacher: TeacherServer) -> None:
    teacher.script_for("question 0", Answer(fault="hang"))
    teacher.script_for("question 1", refusal(401))
    started = time.monotonic()

    with pytest.raises(FatalError):
        ask_all(teacher, numbered(2), timeout_s=30, grace_s=1)

    assert time.monotonic() - started < 5


def test_what_no_call_can_mend_starts_no_call_and_keeps_those_in_flight(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=0.5)
    fatal = refusal(429, "insufficient_quota", "no credit")
    teacher.script_for("question 0", Answer(fatal.body, fatal.status, delay_s=0.2))
    came: list[int] = []

    with pytest.raises(FatalError, match="no credit"):
        ask_all(teacher, numbered(100), concurrency=4, on_outcome=lambda: came.append(1))

    assert (len(teacher.calls), len(came)) == (4, 3)


def test_20_failures_in_a_row_stop_all_and_say_the_last(teacher: TeacherServer) -> None:
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
        teacher, ["before", "after"], concurrency=1, max_attempts=2, outage_s=1.5, on_outcome=teacher.stop
    )

    assert contents(outcomes) == {"before": "A", "after": None}
    assert retries >= 2  # without the patience there would be one; the call that the stop breaks costs an attempt, too


def test_a_server_that_is_back_after_5_s_costs_no_attempt(teacher: TeacherServer) -> None:
    port = urlsplit(teacher.endpoint).port or 0
    back = TeacherServer(port=port)

    def restart() -> None:
        time.sleep(5)
        back.__enter__()

    restarting = threading.Thread(target=restart)
    came = count(1)

    def stop_after_the_fourth() -> None:
        if next(came) == 4:
            teacher.stop()
            restarting.start()

    teacher.default = back.default = Answer(completion(), delay_s=0.05)
    try:
        outcomes, retries = ask_all(
            teacher, numbered(40), concurrency=4, max_attempts=2, on_outcome=stop_after_the_fourth
        )
    finally:
        restarting.join()
        back.stop()

    assert contents(outcomes) == dict.fromkeys(numbered(40), "A")
    assert 4 <= retries <= 4 * 30
    assert len(back.calls) >= 32


def test_a_connection_that_breaks_at_the_very_first_call_is_tried_again(teacher: TeacherServer) -> None:
    teacher.script(*[Answer(fault="reset")] * 4)

    outcomes, _ = ask_all(teacher, numbered(4), concurrency=4)

    assert set(contents(outcomes).values()) == {"A"}
