"""What goes wrong around batches: others that collect them, stops in mid-call, cancelling, endpoints that are gone."""

import signal

import pytest

from tests.servers.batches import BatchServer
from tests.servers.teacher import Answer, changed
from tests.teacher.batching.test_batches import OPENAI, PRICE, expect_one_answer_each, leave_open, run_batches, wait_for
from tests.teacher.light_project import KEY, LightProject, numbered

DEAREST = (len("Reply with one letter.") + len("question 0?") + 2 * 8 + 16 * 2) / 1e6


@pytest.mark.parametrize("fault", ["downloads_refused", "files_withheld"])
def test_to_cancel_what_has_ended_loses_no_answer(batching: LightProject, service: BatchServer, fault: str) -> None:
    leave_open(batching, service)
    service.batches["batch_2"].state = "finalizing"
    vars(service)[fault] = 1

    assert run_batches("--cancel", "batch_2").startswith("batch_2 had ended; what came is kept")
    batching.configure(**OPENAI)
    batching.succeed()
    expect_one_answer_each(batching, service)


def test_a_batch_that_is_not_cancelled_stays(batching: LightProject, service: BatchServer) -> None:
    leave_open(batching, service)
    service.held = service.refuses_to_cancel = True

    with pytest.raises(AssertionError, match="it was not cancelled"):
        run_batches("--cancel", "batch_2")
    service.held = False
    batching.configure(**OPENAI)
    batching.succeed()
    expect_one_answer_each(batching, service)


def test_a_run_that_is_stopped_while_it_uploads_submits_nothing(batching: LightProject, service: BatchServer) -> None:
    service.upload_delay_s = 2
    with batching.start() as run:
        wait_for(lambda: service.files)
        run.send_signal(signal.SIGINT)
        run.communicate()

    assert not service.batches


def test_batches_become_smaller_also_where_a_token_is_short(batching: LightProject, service: BatchServer) -> None:
    service.default = Answer(changed(usage={"prompt_tokens": 33, "completion_tokens": 3, "total_tokens": 36}))
    batching.write_requests("train", numbered(2))
    batching.succeed()
    batching.write_requests("train", numbered(6))
    service.token_limit = 20

    batching.succeed()

    assert [len(batch.lines) for batch in service.batches.values()][:3] == [2, 4, 2]
    assert max(service.served.values()) == 1


def test_direct_calls_leave_what_a_batch_may_cost_in_the_budget(batching: LightProject, service: BatchServer) -> None:
    batching.write_requests("train", numbered(4))
    leave_open(batching, service, price=PRICE, budget_usd=4.5 * DEAREST)
    batching.write_requests("train", numbered(8))
    batching.configure(provider="openai", price=PRICE, budget_usd=4.5 * DEAREST)

    assert "runtime.budget_usd" in batching.refuse()


def test_a_batch_that_no_prompt_asks_any_more_stops_no_run(batching: LightProject, service: BatchServer) -> None:
    leave_open(batching, service)
    service.batches.clear()
    batching.configure(**OPENAI)
    batching.write_requests("train", ["another question?"])

    assert "warning: batch batch_2 at 127.0.0.1: status 404" in batching.succeed().output
    assert [row.status for row in batching.responses()] == ["answered"]


def test_an_endpoint_that_is_gone_leaves_the_batches_to_the_other(
    batching: LightProject, service: BatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPT4O_ENDPOINT", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("GPT4O_KEY", KEY)
    batching.configure(**OPENAI, credentials=("GPT4O", "TEACHER_MODEL"))

    batching.succeed()

    expect_one_answer_each(batching, service)
