"""Runs of infer that ask in batches, over a server that behaves like OpenAI's."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from potstill.commands import batches, estimate
from tests.servers.batches import BatchServer
from tests.servers.teacher import Answer, completion, refusal
from tests.teacher.light_project import KEY, LightProject, numbered

OPENAI = {"provider": "openai", "batch": True}
PRICE = {"input": 1.0, "output": 2.0}


def answer_by_question(service: BatchServer, times: int = 2) -> None:
    """Let each question have an answer of its own, so many times."""
    for question in numbered(6):
        service.script_for(question, *[Answer(completion(f"{question} B"))] * times)


def test_a_batch_gives_the_rows_of_direct_calls(batching: LightProject, service: BatchServer) -> None:
    answer_by_question(service)

    batching.succeed()
    in_batches, log = batching.bytes_written(), batching.log()
    assert service.steps["create"] == 1
    assert list(service.served.values()) == [1] * 6
    assert (log["asked"], log["from_journal"], log["endpoint_host"]) == (6, 0, "127.0.0.1")

    (batching.folder.parent / "journal.sqlite").unlink()
    batching.configure(provider="openai")
    batching.succeed()
    assert batching.bytes_written() == in_batches


def leave_open(batching: LightProject, service: BatchServer, **runtime: object) -> None:
    """Submit all requests, and leave their batch in the middle of its work."""
    batching.configure(**{**OPENAI, "batch_wait_s": 0, **runtime})
    service.held = True
    batching.refuse()
    service.held = False


def expect_one_answer_each(batching: LightProject, service: BatchServer) -> None:
    """Check that every row is answered, and that no request was answered twice."""
    assert [row.status for row in batching.responses()] == ["answered"] * 6
    assert list(service.served.values()) == [1] * 6


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"uploads_cut": 1}, id="an upload breaks off"),
        pytest.param({"files_pending": 1}, id="a file cannot be used at once"),
        pytest.param({"accepted_with_500": 1}, id="a batch is begun and answered with an error"),
        pytest.param({"looks_refused": 2}, id="looks are refused"),
        pytest.param({"pages_looked_at": 1}, id="a look brings a page"),
        pytest.param({"lines_left_out": 2}, id="a file comes without some lines"),
        pytest.param({"files_withheld": 1}, id="a batch has ended before its files are there"),
        pytest.param({"downloads_refused": 1}, id="a file is not to be had at once"),
        pytest.param({"expires_after": 4}, id="a batch expires"),
        pytest.param({"expires_after": 4, "lines_left_out": 1}, id="one that expired comes without some lines"),
    ],
)
def test_a_fault_of_the_service_costs_no_answer(
    batching: LightProject, service: BatchServer, fault: dict[str, int]
) -> None:
    vars(service).update(fault)

    batching.succeed()

    expect_one_answer_each(batching, service)


def test_a_line_that_was_refused_is_a_failed_row_and_one_that_failed_is_asked_again(
    batching: LightProject, service: BatchServer
) -> None:
    batching.configure(**OPENAI, max_failed_fraction=0.5)
    service.script_for("question 2?", refusal(400, "context_length_exceeded", "too long"))
    service.script_for("question 3?", refusal(500, "server_error", "try again"))

    batching.succeed()

    statuses = [row.status for row in batching.responses()]
    assert statuses == ["answered", "answered", "failed", "answered", "answered", "answered"]
    assert "too long" in str(batching.responses()[2].error)
    assert sorted(service.served.values()) == [1, 1, 1, 1, 1, 2]


def test_what_a_batch_left_is_asked_directly_where_that_is_wanted(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, batch_fallback="now")
    service.expires_after = 4

    batching.succeed()

    assert [row.status for row in batching.responses()] == ["answered"] * 6
    assert (service.steps["create"], len(service.served)) == (1, 4)
    assert sorted(service.questions()) == numbered(6)


def test_a_run_that_has_waited_long_enough_is_gone_on_with_by_the_next(
    batching: LightProject, service: BatchServer
) -> None:
    batching.configure(**OPENAI, batch_wait_s=0)
    service.held = True

    assert "after 0 s the service still has 6 requests in batches (batch_2); `make repro` goes on" in batching.refuse()
    service.held = False
    batching.configure(**OPENAI)
    batching.succeed()

    expect_one_answer_each(batching, service)
    assert service.steps["create"] == 1


def test_what_a_batch_left_is_asked_by_a_run_that_asks_directly(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, batch_wait_s=0)
    service.held = True
    batching.refuse()
    (batch,) = service.batches.values()
    del batch.answers[4:]
    service.end(batch, "expired")
    batching.configure(provider="openai")

    batching.succeed()

    assert [row.status for row in batching.responses()] == ["answered"] * 6
    assert (len(service.batches), service.steps["create"]) == (1, 1)


def test_a_batch_holds_its_requests_for_another_token_limit_as_well(
    batching: LightProject, service: BatchServer
) -> None:
    leave_open(batching, service)
    batching.configure(**OPENAI, max_tokens=32)

    batching.succeed()

    expect_one_answer_each(batching, service)
    assert len(service.batches) == 1


def test_answers_that_the_service_counts_and_does_not_give_are_not_bought_again(
    batching: LightProject, service: BatchServer
) -> None:
    service.files_withheld = 2

    assert "6 answers that it counts are not in its files; run again to try again" in batching.refuse()
    batching.succeed()
    expect_one_answer_each(batching, service)


def test_requests_in_a_batch_are_neither_estimated_nor_asked_by_a_pilot(
    batching: LightProject, service: BatchServer
) -> None:
    batching.configure(**OPENAI, price=PRICE, batch_wait_s=0)
    service.held = True
    batching.refuse()
    batching.write_requests("train", numbered(8))

    paths = ["--requests", "data/requests", "--ledger", "data/ledger"]
    done = CliRunner().invoke(estimate.main, [*paths, "--pilot", "5"])

    assert done.exit_code == 0, done.output
    assert "\nin batches   6, submitted" in done.output
    assert "\nto ask       0" in done.output
    assert service.questions()[-2:] == ["question 6?", "question 7?"]


def test_requests_in_a_batch_are_not_asked_directly(batching: LightProject, service: BatchServer) -> None:
    leave_open(batching, service)
    batching.configure(provider="openai")
    batching.write_requests("train", numbered(8))

    batching.succeed()

    assert [row.status for row in batching.responses()] == ["answered"] * 8
    assert list(service.served.values()) == [1] * 6
    assert sorted(service.questions()) == numbered(8)


def test_batches_keep_within_the_tokens_that_the_service_takes(batching: LightProject, service: BatchServer) -> None:
    service.token_limit = 30  # 8 and 3 tokens a request, so that three fit

    batching.succeed()

    assert [row.status for row in batching.responses()] == ["answered"] * 6
    assert list(service.served.values()) == [1] * 6
    assert [len(batch.lines) for batch in service.batches.values()] == [6, 3, 3]


def test_a_batch_is_no_larger_than_the_budget_allows(batching: LightProject, service: BatchServer) -> None:
    dearest = (len("Reply with one letter.") + len("question 0?") + 2 * 8 + 16 * 2) / 1e6
    batching.configure(**OPENAI, price=PRICE, budget_usd=4.5 * dearest)

    batching.succeed()

    assert [len(batch.lines) for batch in service.batches.values()] == [4, 2]


def test_a_budget_with_no_room_for_one_request_stops_the_run(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, price=PRICE, budget_usd=0.00001)

    assert "runtime.budget_usd" in batching.refuse()
    assert not service.batches


def test_what_earlier_runs_submitted_counts_in_the_budget(batching: LightProject, service: BatchServer) -> None:
    dearest = (len("Reply with one letter.") + len("question 0?") + 2 * 8 + 16 * 2) / 1e6
    batching.configure(**OPENAI, price=PRICE, budget_usd=2.5 * dearest, batch_wait_s=0)
    service.held = True

    for _ in range(2):
        batching.refuse()

    assert [len(batch.lines) for batch in service.batches.values()] == [2]


def test_a_run_goes_on_where_somebody_else_collects_its_batch(batching: LightProject, service: BatchServer) -> None:
    dearest = (len("Reply with one letter.") + len("question 0?") + 2 * 8 + 16 * 2) / 1e6
    batching.configure(**OPENAI, price=PRICE, budget_usd=4.5 * dearest)
    service.held = True
    with batching.start() as run:
        wait_for(lambda: service.steps["look"])
        service.next_look_delay_s = 3
        wait_for(lambda: not service.next_look_delay_s)
        service.held = False
        for _ in range(3):
            run_batches()
        assert run.wait(60) == 0

    assert [row.status for row in batching.responses()] == ["answered"] * 6
    assert [len(batch.lines) for batch in service.batches.values()] == [4, 2]


def test_room_that_others_take_is_waited_for_in_large_parts(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, batch_wait_s=0)
    batching.write_requests("train", numbered(1))
    service.held = True
    batching.refuse()
    service.held, service.token_limit = False, 50
    batching.configure(**OPENAI)
    batching.write_requests("train", numbered(7))

    batching.succeed()

    assert [len(batch.lines) for batch in service.batches.values()] == [1, 6, 2, 3, 1]


def test_a_service_without_batches_is_one_sentence(batching: LightProject, service: BatchServer) -> None:
    os.environ["TEACHER_MODEL_ENDPOINT"] = service.endpoint.replace("models", "v2")

    assert "check TEACHER_MODEL_ENDPOINT, or set runtime.batch to false" in batching.refuse()


def test_a_teacher_that_has_no_batches_is_refused(batching: LightProject) -> None:
    batching.configure(provider="azure", batch=True)

    assert "params.yaml: runtime.batch: expected false, since teacher stand-in has provider azure" in batching.refuse()


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("step", ["upload", "accepted", "look", "download"])
def test_a_run_that_is_killed_is_gone_on_with_and_nothing_is_bought_twice(
    batching: LightProject, service: BatchServer, step: str
) -> None:
    if step == "accepted":
        service.create_delay_s = 60  # so that nobody hears of it
    with batching.start() as run:
        wait_for(lambda: service.batches if step == "accepted" else service.steps[step])
        run.send_signal(signal.SIGKILL)
        run.wait()
    service.create_delay_s = 0

    batching.succeed()

    expect_one_answer_each(batching, service)


def test_two_runs_at_once_ask_each_request_once(batching: LightProject, service: BatchServer) -> None:
    with batching.start("one") as one, batching.start("two", stderr=subprocess.DEVNULL) as two:
        assert [run.wait() for run in (one, two)] == [0, 0], one.stdout and one.stdout.read()

    assert list(service.served.values()) == [1] * 6
    assert len(service.batches) == 1
    assert batching.bytes_written("one") == batching.bytes_written("two")
    logs = [json.loads((batching.folder / f"{name}.json").read_text()) for name in ("one", "two")]
    assert sorted((log["asked"], log["from_journal"]) for log in logs) == [(0, 6), (6, 0)]


def run_batches(*options: str) -> str:
    """Run the command, and return what it printed."""
    done = CliRunner().invoke(batches.main, options)
    assert done.exit_code == 0, done.output
    assert KEY not in done.output
    return done.output


def test_batches_are_listed_and_cancelled(batching: LightProject, service: BatchServer) -> None:
    assert run_batches().startswith("no batches")
    batching.configure(**OPENAI, price=PRICE, batch_wait_s=0)
    service.held, service.expires_after = True, None
    batching.refuse()

    head, row, open_ones = run_batches().splitlines()
    assert head.split() == ["batch", "teacher", "state", "begun", "requests", "done", "failed", "USD"]
    assert row.split()[:3] == ["batch_2", "stand-in", "in_progress"]
    assert row.split()[-6:] == ["6", "6", "0", "at", "most", "0.00024"]
    assert open_ones.startswith("not ended: 1 batch in_progress: 6 of 6 done")

    assert run_batches("--cancel", "batch_2").startswith("batch_2 is cancelling")
    batching.succeed()
    expect_one_answer_each(batching, service)
    assert run_batches().splitlines()[1].split()[-4:] == ["6", "6", "0", "0.00010"]


def test_what_a_batch_brought_is_kept_by_the_listing_where_no_run_wants_it_any_more(
    batching: LightProject, service: BatchServer
) -> None:
    leave_open(batching, service)
    batching.write_requests("train", ["another question?"])

    for _ in range(3):
        listed = run_batches()
    assert listed.splitlines()[1].split()[2] == "completed"
    batching.configure(provider="openai")
    batching.write_requests("train", numbered(6))
    batching.succeed()
    expect_one_answer_each(batching, service)
    assert not service.questions()[6:]


def test_a_batch_that_is_being_submitted_is_not_given_up(batching: LightProject, service: BatchServer) -> None:
    service.create_delay_s = 2
    with batching.start() as run:
        wait_for(lambda: service.batches)
        (name,) = re.findall(r"potstill-\w+", run_batches())
        refused = CliRunner().invoke(batches.main, ["--cancel", name])
        assert "a run is submitting batch" in refused.output
        assert run.wait(60) == 0

    assert len(service.batches) == 1


def test_an_ended_batch_is_collected_rather_than_cancelled(batching: LightProject, service: BatchServer) -> None:
    leave_open(batching, service)
    vars(service.batches["batch_2"]).update(state="finalizing")

    assert run_batches("--cancel", "batch_2").startswith("batch_2 had ended; what came is kept")
    batching.configure(**OPENAI)
    batching.succeed()
    expect_one_answer_each(batching, service)


def test_a_batch_whose_endpoint_is_gone_can_be_forgotten(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, batch_wait_s=0)
    service.held = True
    batching.refuse()
    os.environ["TEACHER_MODEL_ENDPOINT"] = "http://127.0.0.1:9/v1"

    refused = CliRunner().invoke(batches.main, ["--cancel", "batch_2"])
    assert "`make batches FORGET=batch_2` gives it up" in refused.output
    assert run_batches("--forget", "batch_2").startswith("batch_2 is given up")
    assert run_batches().splitlines()[1].split()[2:4] == ["given", "up"]


def test_a_stopped_run_names_the_batches_that_go_on(batching: LightProject, service: BatchServer) -> None:
    service.held = True
    with batching.start() as run:
        wait_for(lambda: service.steps["look"])
        run.send_signal(signal.SIGINT)
        output = run.communicate()[0]

    assert "batch_2 has 6 requests" in output
    assert "the service still has 6 requests in batches (batch_2), which `make repro` goes on with" in output


def test_a_batch_that_the_service_has_forgotten_can_be_given_up(batching: LightProject, service: BatchServer) -> None:
    batching.configure(**OPENAI, batch_wait_s=0)
    service.held = True
    batching.refuse()
    service.batches.clear()

    assert "make batches CANCEL=batch_2" in batching.refuse()
    assert run_batches("--cancel", "batch_2").startswith("batch_2 is given up")
    service.held = False
    batching.configure(**OPENAI)
    batching.succeed()
    assert [row.status for row in batching.responses()] == ["answered"] * 6


def test_a_token_limit_refused_by_its_name_is_sent_by_the_other(batching: LightProject, service: BatchServer) -> None:
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    refused = {"message": message, "param": "max_tokens", "code": "unsupported_parameter"}
    service.script(*[Answer({"error": refused}, status=400)] * 6)

    batching.succeed()

    bodies = [batch.lines[0]["body"] for batch in service.batches.values()]
    assert [(body.get("max_tokens"), body.get("max_completion_tokens")) for body in bodies] == [(16, None), (None, 16)]


def test_a_field_that_the_model_does_not_take_is_one_sentence(batching: LightProject, service: BatchServer) -> None:
    refused = {"message": "Unsupported value", "param": "temperature", "code": "unsupported_value"}
    service.default = Answer({"error": refused}, status=400)

    assert "teachers.stand-in.temperature: this model does not take it" in batching.refuse()
    assert len(service.batches) == 1
