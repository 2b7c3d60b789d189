import os
import pty
import re
import resource
import secrets
import signal
import termios
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit

import msgspec
import psutil
import pytest

from potstill.core.records import write_rows
from potstill.teacher.store.journal import Journal
from tests.servers.teacher import MODEL, Answer, TeacherServer, changed, completion, refusal
from tests.teacher.light_project import KEY, LightProject, numbered, request

NOW = {"Retry-After": "0"}
BUSY = refusal(503, headers=NOW)
REJECTED = refusal(400, "context_length_exceeded", "too long")
CUT_SHORT = Answer(completion("The answer", "length"))
STOPPED = "stopped; every answer that came is kept, and `make repro` asks only the rest"


def test_responses_stand_in_the_order_of_requests_with_their_ids(light: LightProject) -> None:
    questions = numbered(12)
    light.write_requests("train", questions)
    light.write_requests("validation", [text.upper() for text in questions[:5]])
    for number, text in enumerate(questions):
        light.teacher.script_for(text, Answer(completion(f"answer {number}"), delay_s=(12 - number) / 100))

    light.succeed()

    assert [(row.id, row.content) for row in light.responses("train")] == [
        (f"train-{number}:0:0", f"answer {number}") for number in range(12)
    ]
    assert [row.id for row in light.responses("validation")] == [f"validation-{number}:0:0" for number in range(5)]


def test_a_response_holds_what_the_teacher_said(light: LightProject) -> None:
    logprobs = [{"token": "A", "logprob": -0.5}]
    body = completion("A\0 \N{GRINNING FACE}", reasoning_content="Cats purr.")
    body["choices"][0]["logprobs"] = {"content": logprobs}
    light.write_requests("train", ["why?"])
    light.teacher.script(Answer(body))

    light.succeed()

    (row,) = light.responses()
    assert msgspec.to_builtins(row) == {
        "id": "train-0:0:0",
        "key": row.key,
        "status": "answered",
        "content": "A\0 \N{GRINNING FACE}",
        "reasoning": "Cats purr.",
        "finish_reason": "stop",
        "model": MODEL,
        "usage": {"prompt_tokens": 11, "completion_tokens": 3},
        "logprobs": logprobs,
        "error": None,
    }


def test_a_second_run_asks_nothing_needs_no_credentials_and_writes_the_same_bytes(
    light: LightProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    light.teacher.script(CUT_SHORT, Answer(completion(None, "content_filter")))
    light.succeed()
    before = light.bytes_written()
    for name in ("TEACHER_MODEL_ENDPOINT", "TEACHER_MODEL_KEY"):
        monkeypatch.delenv(name)

    light.succeed()

    assert len(light.teacher.calls) == 6
    assert light.bytes_written() == before
    log = light.log()
    assert (log["asked"], log["from_journal"], log["answered"], log["truncated"], log["filtered"]) == (0, 6, 4, 1, 1)
    assert (log["retries"], log["endpoint_host"]) == (0, None)


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_run_that_may_not_ask_stops_before_its_first_call(
    light: LightProject, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("POTSTILL_ASK", "never")
    else:
        Path(".env").write_text("POTSTILL_ASK=never\n")

    assert "POTSTILL_ASK=never: 6 requests have no answer in the journal or the ledger" in light.refuse()
    assert light.teacher.calls == []


def test_rows_hold_nothing_that_differs_between_runs(light: LightProject, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for number in range(2):
        monkeypatch.setenv("POTSTILL_JOURNAL", f"{light.folder}/{number}.sqlite")
        for text in numbered(6):
            body = completion() | {"id": f"chatcmpl-{number}", "created": 1_700_000_000 + number}
            headers = {"x-request-id": f"{number}", "x-ms-region": f"region {number}"}
            light.teacher.script_for(text, Answer(body, headers=headers, delay_s=number / 10))
        light.succeed()
        written.append(light.bytes_written())

    assert len(light.teacher.calls) == 12
    assert written[0] == written[1]


def test_identical_requests_are_asked_once_and_the_last_line_adds_up(light: LightProject) -> None:
    light.write_requests("train", ["same?", "other?", "same?"])
    light.write_requests("validation", ["same?"])

    run = light.succeed()

    assert sorted(light.teacher.questions()) == ["other?", "same?"]
    assert [row.id for row in light.responses("train")] == ["train-0:0:0", "train-1:0:0", "train-2:0:0"]
    assert [row.content for row in light.responses("validation")] == ["A"]
    assert run.stdout == (
        "4 requests, 2 distinct: 2 asked, 0 found in the journal, 0 in the ledger; "
        "4 answered, 0 truncated, 0 filtered, 0 failed\n"
    )


def test_more_questions_ask_only_the_new_ones(light: LightProject) -> None:
    light.teacher.script_for("question 1?", CUT_SHORT)
    light.succeed()
    light.teacher.calls.clear()
    light.write_requests("train", numbered(8))

    run = light.succeed()

    assert sorted(light.teacher.questions()) == ["question 6?", "question 7?"]
    assert run.stdout == (
        "8 requests: 2 asked, 6 found in the journal, 0 in the ledger; 7 answered, 1 truncated, 0 filtered, 0 failed\n"
    )
    assert run.stderr == ""


def test_each_replicate_is_asked_for_itself(light: LightProject) -> None:
    write_rows(Path("data/requests/train.jsonl"), [request(f"q:0:{number}", "same?", number) for number in range(3)])

    light.succeed()

    assert light.teacher.questions() == ["same?"] * 3


def test_as_many_are_asked_at_once_as_params_say(light: LightProject) -> None:
    light.configure(concurrency=3)
    light.teacher.default = Answer(completion(), delay_s=0.1)

    light.succeed()

    assert light.teacher.most_in_flight == 3


@pytest.mark.parametrize("max_tokens", [15, 4000])
def test_another_token_limit_asks_again_only_what_the_limit_cut(light: LightProject, max_tokens: int) -> None:
    light.teacher.script_for("question 2?", CUT_SHORT)
    light.succeed()
    assert [row.status for row in light.responses()].count("truncated") == 1
    light.teacher.calls.clear()

    light.configure(max_tokens=max_tokens)
    light.succeed()

    assert light.teacher.questions() == ["question 2?"]
    assert light.teacher.calls[0].body["max_tokens"] == max_tokens
    assert [row.status for row in light.responses()] == ["answered"] * 6


def test_a_row_that_failed_leaves_the_stage_red_and_alone_is_asked_again(light: LightProject) -> None:
    light.teacher.script_for("question 3?", REJECTED)

    sentence = light.refuse()

    assert "1 of 6 requests failed, the last (train-3:0:0) with: status 400" in sentence
    assert "runtime.max_failed_fraction" in sentence
    light.teacher.calls.clear()
    light.succeed()
    assert light.teacher.questions() == ["question 3?"]
    assert [row.status for row in light.responses()] == ["answered"] * 6


def test_as_many_rows_may_fail_as_params_say_and_pass_without_text(light: LightProject) -> None:
    for number in range(3):
        light.teacher.script_for(f"question {number}?", *[REJECTED] * 2)
    light.configure(max_failed_fraction=0.49)
    light.refuse()
    light.configure(max_failed_fraction=0.5)

    run = light.succeed()

    assert "3 failed rows pass; `dvc repro --force --single-item infer` asks them again" in run.stdout
    failed = light.responses()[2]
    assert failed.status == "failed"
    assert failed.error
    assert "too long" in failed.error
    assert {name for name, value in msgspec.to_builtins(failed).items() if value is not None} == {
        "id",
        "key",
        "status",
        "error",
    }
    assert [row.error for row in light.responses()].count(None) == 3


def test_the_log_has_what_the_run_did(light: LightProject) -> None:
    light.configure(max_failed_fraction=1)
    light.write_requests("train", [*numbered(5), "question 0?"])
    light.teacher.script_for("question 1?", CUT_SHORT)
    light.teacher.script_for("question 2?", refusal(400, "content_filter"))
    light.teacher.script_for("question 3?", REJECTED)
    light.teacher.script_for("question 4?", BUSY)

    light.succeed()

    log = light.log()
    seconds, rate = log.pop("seconds"), log.pop("requests_per_second")
    assert log == {
        "requests": 6,
        "distinct": 5,
        "asked": 5,
        "from_journal": 0,
        "from_ledger": 0,
        "answered": 3,
        "truncated": 1,
        "filtered": 1,
        "failed": 1,
        "retries": 1,
        "models_served": [MODEL],
        "endpoint_host": "127.0.0.1",
    }
    assert isinstance(seconds, float)
    assert rate == pytest.approx(5 / seconds, rel=0.05)


def test_answers_before_a_fatal_error_are_kept(light: LightProject) -> None:
    light.configure(concurrency=1)
    light.teacher.script(Answer(completion()), Answer(completion()), refusal(401))

    assert light.refuse().endswith("check TEACHER_MODEL_KEY; 2 answers are kept and will not be asked again")
    log = light.log()
    assert (log["requests"], log["asked"], log["answered"], log["models_served"]) == (6, 2, 2, [MODEL])
    with Journal(light.folder.parent / "journal.sqlite") as journal:
        assert list(journal.read("SELECT project, count(*) FROM uses")) == [(str(light.folder.resolve()), 2)]
    light.teacher.calls.clear()
    light.succeed()
    assert len(light.teacher.calls) == 4


def test_a_first_call_that_fails_ends_the_run_in_a_sentence_that_speaks_of_no_answers(light: LightProject) -> None:
    light.teacher.default = refusal(404, "DeploymentNotFound")
    assert light.refuse().endswith("check TEACHER_MODEL_ENDPOINT and the teacher's model")

    light.teacher.stop()
    assert light.refuse().endswith("check the endpoint and the network")


def test_a_broken_line_of_requests_ends_the_run_before_the_first_call(light: LightProject) -> None:
    with Path("data/requests/train.jsonl").open("a") as file:
        file.write('{"id": "train-6:0:0", ')

    assert "data/requests/train.jsonl: line 7: expected a JSON object" in light.refuse()
    assert light.teacher.calls == []


def test_the_env_file_says_where_the_journal_is(light: LightProject, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = light.folder.parent / "elsewhere.sqlite"
    monkeypatch.delenv("POTSTILL_JOURNAL")
    monkeypatch.setenv("XDG_DATA_HOME", str(light.folder.parent / "data"))
    Path(".env").write_text(f"POTSTILL_JOURNAL={elsewhere}\n")

    light.succeed()

    assert elsewhere.is_file()


def test_a_budget_that_is_spent_ends_the_run_and_keeps_what_it_bought(light: LightProject) -> None:
    light.configure(concurrency=1, price={"input": 0, "output": 10_000}, budget_usd=0.25)  # an answer: 0.03 to 0.16

    sentence = light.refuse()

    assert "runtime.budget_usd: 0.12 of 0.25 US dollars are spent" in sentence
    assert "4 answers are kept" in sentence
    assert len(light.teacher.calls) == 4


def test_a_share_of_the_budget_is_all_that_is_spent(light: LightProject, monkeypatch: pytest.MonkeyPatch) -> None:
    light.configure(concurrency=1, price={"input": 0, "output": 10_000}, budget_usd=9)
    monkeypatch.setenv("POTSTILL_BUDGET_SHARE_USD", "0.25")
    assert "runtime.budget_usd: 0.12 of 0.25 US dollars are spent" in light.refuse()
    assert len(light.teacher.calls) == 4


def test_as_many_failures_in_a_row_as_params_say_end_the_run(light: LightProject) -> None:
    light.configure(concurrency=1, max_failures_in_a_row=3)
    light.teacher.default = REJECTED

    assert "3 requests failed in a row, the last with status 400" in light.refuse()
    assert len(light.teacher.calls) in (3, 4)  # the next call may have left before the stop reaches it


def test_answers_of_several_models_and_endpoints_are_warned_of(
    light: LightProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    light.succeed()
    light.write_requests("train", numbered(7))
    light.teacher.default = Answer(changed(model="newer-2025"))
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", light.teacher.endpoint.replace("127.0.0.1", "localhost"))

    assert light.succeed().stderr.splitlines() == [
        f"warning: teacher stand-in: the answers come from 2 models: newer-2025, {MODEL}",
        "warning: teacher stand-in: the answers come from 2 endpoints: 127.0.0.1, localhost",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda key: refusal(401, key, f"wrong key {key}"), id="a fatal error"),
        pytest.param(lambda key: refusal(400, key, f"wrong key {key}"), id="a failed row"),
        pytest.param(lambda key: Answer({"error": f"Bearer {key}"}), id="an answer"),
        pytest.param(lambda key: Answer(f"api-key: {key}".encode(), status=502, headers=NOW), id="a page"),
        pytest.param(lambda _: Answer(fault="reset"), id="a broken connection"),
    ],
)
@pytest.mark.parametrize("may_fail", [0, 1], ids=["stage fails", "rows pass"])
def test_the_key_stands_nowhere_whatever_quotes_it(
    light: LightProject, monkeypatch: pytest.MonkeyPatch, answer: "Callable[[str], Answer]", may_fail: int
) -> None:
    key = secrets.token_hex(16)
    monkeypatch.setenv("TEACHER_MODEL_KEY", key)
    light.configure(max_failed_fraction=may_fail)
    for text in numbered(2):
        light.teacher.script_for(text, *[answer(key)] * 2)

    run = light.run()

    assert {call.header("authorization") for call in light.teacher.calls} == {f"Bearer {key}"}
    assert key not in run.output
    files = [file for file in light.folder.parent.rglob("*") if file.is_file()]
    assert {"infer.json", "journal.sqlite"} <= {file.name for file in files}
    assert [file for file in files if key.encode() in file.read_bytes()] == []


@pytest.mark.parametrize("fault", ["the disk is full", "its log is gone"])
def test_a_journal_that_breaks_in_mid_run_stops_it_before_more_is_bought(light: LightProject, fault: str) -> None:
    light.write_requests("train", numbered(100))
    light.teacher.default = Answer(completion(), delay_s=0.1)

    with light.start() as run:
        light.wait_for_calls(12)
        if fault == "the disk is full":
            resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (4096, 4096))  # no file may grow any more
        else:
            (light.folder.parent / "journal.sqlite-wal").unlink()
        text, _ = run.communicate(timeout=60)

    assert run.returncode == 1, text
    error = text.splitlines()[-1]
    assert re.match(r"Error: /.*/journal\.sqlite: expected a journal that can be read and written, but ", error), text
    assert "make room or mend it" in error
    assert "Traceback" not in text
    assert len(light.teacher.calls) < 50
    if fault == "the disk is full":
        light.teacher.default = Answer(completion())
        light.succeed()
        assert len(light.teacher.calls) <= 100 + 2 * 4  # no more is lost than what was in flight


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_first_signal_starts_no_call_and_keeps_the_answers_in_flight(
    light: LightProject, number: signal.Signals
) -> None:
    light.configure(concurrency=3)
    light.teacher.default = Answer(completion(), delay_s=0.5)
    with light.start() as run:
        light.wait_for_calls(3)
        run.send_signal(number)
        text, _ = run.communicate(timeout=30)
    in_flight, log = light.teacher.questions(), light.log()
    light.teacher.calls.clear()

    light.succeed()

    assert run.returncode == 130, text
    assert len(in_flight) == 3
    assert (log["asked"], log["answered"]) == (3, 3)
    assert text.splitlines() == [
        "stopping when the calls in flight have ended; a second signal stops at once",
        STOPPED,
    ]
    assert sorted(in_flight + light.teacher.questions()) == numbered(6)


def test_a_second_signal_stops_at_once(light: LightProject) -> None:
    light.configure(concurrency=2, timeout_s=60)
    light.teacher.script(Answer(completion()), Answer(fault="hang"), Answer(fault="hang"))
    with light.start() as run:
        light.wait_for_calls(3)
        run.send_signal(signal.SIGTERM)
        assert run.stdout
        first = run.stdout.readline()
        started = time.monotonic()
        run.send_signal(signal.SIGTERM)
        text, _ = run.communicate(timeout=30)

    assert "a second signal stops at once" in first
    assert time.monotonic() - started < 3
    assert (run.returncode, text) == (130, STOPPED + "\n")
    assert light.log()["answered"] == 1


def test_a_signal_ends_a_run_that_only_waits_to_ask_again(light: LightProject) -> None:
    light.write_requests("train", numbered(40))
    light.teacher.default = refusal(429, headers={"Retry-After": "300"})
    with light.start() as run:
        light.wait_for_calls(6)  # after six refusals in a row the whole run pauses
        started = time.monotonic()
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)

    assert run.returncode == 130
    assert time.monotonic() - started < 3


def test_a_teacher_that_goes_away_and_comes_back_is_reported_as_it_happens(light: LightProject) -> None:
    light.write_requests("train", numbered(20))
    light.teacher.default = Answer(completion(), delay_s=0.2)
    back = TeacherServer(port=urlsplit(light.teacher.endpoint).port or 0)
    back.default = Answer(completion(), delay_s=0.6)
    with light.start() as run:
        light.wait_for_calls(5)
        light.teacher.stop()
        returning = Timer(2, back.__enter__)
        returning.start()
        text, _ = run.communicate(timeout=60)
    returning.join()
    back.stop()

    assert run.returncode == 0, text
    lost, again, summary = text.splitlines()
    assert re.match(r"stand-in: \d of 20 rows, no connection since [0-3] s, trying again; \d asked, 0 found, ", lost)
    assert re.match(r"stand-in: \d+ of 20 rows, \d\.\d rows/s, \d+ s left; ", again)
    assert summary.startswith("20 requests: 20 asked")
    assert [row.status for row in light.responses()] == ["answered"] * 20


def test_the_bar_of_a_terminal_says_when_there_is_no_connection(light: LightProject) -> None:
    light.configure(concurrency=1)
    light.teacher.default = Answer(completion(), delay_s=0.1)
    terminal, side = pty.openpty()
    termios.tcsetwinsize(side, (24, 100))
    shown = b""
    with light.start(stderr=side) as run:
        os.close(side)
        light.wait_for_calls(3)
        light.teacher.stop()
        while b"trying again" not in shown and run.poll() is None:
            shown += os.read(terminal, 4096)
        process = " ".join(psutil.Process(run.pid).cmdline())
    os.close(terminal)

    assert re.search(rb"stand-in: .*\| [23]/6 \[.*, no connection since [012] s, trying again\]", shown)
    assert "stages.infer" in process
    assert KEY not in process
