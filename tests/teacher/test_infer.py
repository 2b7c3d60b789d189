import asyncio
import json
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from potstill.core.records import Choice, Message, Request, Response, read_rows, write_rows
from potstill.teacher.progress import Progress
from stages.infer import main
from tests.project import arguments, command
from tests.servers.teacher import MODEL, Answer, TeacherServer, changed, completion, refusal

ROOT = Path(__file__).parents[2]
KEY = "not-a-real-key-8f3a"
NOW = {"Retry-After": "0"}
BUSY = refusal(503, headers=NOW)
REJECTED = refusal(400, "context_length_exceeded", "too long")
CUT_SHORT = Answer(completion("The answer", "length"))

pytestmark = pytest.mark.usefixtures("clean_environment")


@dataclass
class Project:
    """A folder with params.yaml and data/requests, whose teacher is a server on loopback."""

    folder: Path
    teacher: TeacherServer

    def configure(self, max_tokens: int = 16, price: dict[str, float] | None = None, **runtime: object) -> None:
        """Write params.yaml, derived from the one of the tests."""
        yaml = YAML()
        params = yaml.load(ROOT / "tests/params.yaml")
        params["teacher"] = "stand-in"
        params["teachers"]["stand-in"] = {
            "provider": "azure",
            "model": "m",
            "max_tokens": max_tokens,
            "price_per_million": price,
        }
        params["runtime"].update({"concurrency": 4, "timeout_s": 5, "max_attempts": 2, **runtime})
        yaml.dump(params, self.folder / "params.yaml")

    def write_requests(self, split: str, questions: Sequence[str]) -> None:
        """Write one request for each question; ids are numbered by position."""
        rows = [request(f"{split}-{number}:0:0", text) for number, text in enumerate(questions)]
        write_rows(self.folder / f"data/requests/{split}.jsonl", rows)

    def run(self, *options: str) -> Result:
        """Run the stage."""
        return CliRunner().invoke(main, [*arguments("infer"), *options])

    @contextmanager
    def start(self) -> "Iterator[subprocess.Popen[str]]":
        """Start the stage in a process of its own, which does not outlive the block."""
        with subprocess.Popen(
            command("infer"),
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run:
            try:
                yield run
            finally:
                run.kill()

    def responses(self, split: str = "train") -> list[Response]:
        """Read what the stage wrote."""
        return list(read_rows(self.folder / f"data/responses/{split}.jsonl", Response))

    def bytes_written(self) -> dict[str, bytes]:
        """Return each file of responses as it is."""
        return {file.name: file.read_bytes() for file in (self.folder / "data/responses").iterdir()}

    def log(self) -> dict[str, object]:
        """Read logs/infer.json."""
        logged: dict[str, object] = json.loads((self.folder / "logs/infer.json").read_text())
        return logged

    def forget_answers(self) -> None:
        """Remove the journal."""
        for file in self.folder.parent.glob("journal.sqlite*"):
            file.unlink()


def request(request_id: str, question: str, replicate: int = 0) -> Request:
    return Request(
        id=request_id,
        question_id=request_id.partition(":")[0],
        question=question,
        choices=[Choice(label="A", text="yes"), Choice(label="B", text="no")],
        answer="A",
        rotation=0,
        replicate=replicate,
        messages=[Message(role="system", content="Reply with one letter."), Message(role="user", content=question)],
    )


@pytest.fixture
def project(tmp_path: Path, teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", teacher.endpoint)
    monkeypatch.setenv("TEACHER_MODEL_KEY", KEY)
    made = Project(folder, teacher)
    made.configure()
    made.write_requests("train", numbered(6))
    return made


def numbered(count: int) -> list[str]:
    return [f"question {number}?" for number in range(count)]


def assert_one_sentence(run: Result) -> str:
    """Check that the run ended in exit code 1 with one error sentence, and return it."""
    assert run.exit_code == 1, run.output
    assert isinstance(run.exception, SystemExit)
    assert "Traceback" not in run.output
    errors = [line for line in run.output.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert run.output.endswith(errors[0] + "\n")
    assert KEY not in run.output
    return errors[0]


def wait_for_calls(teacher: TeacherServer, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(teacher.calls) < count:
        assert time.monotonic() < deadline, f"only {len(teacher.calls)} of {count} calls came"
        time.sleep(0.02)


def test_responses_stand_in_the_order_of_requests_with_their_ids(project: Project) -> None:
    questions = numbered(12)
    project.write_requests("train", questions)
    project.write_requests("validation", [text.upper() for text in questions[:5]])
    for number, text in enumerate(questions):
        project.teacher.script_for(text, Answer(completion(f"answer {number}"), delay_s=(12 - number) / 100))

    run = project.run()

    assert run.exit_code == 0, run.output
    assert [(row.id, row.content) for row in project.responses("train")] == [
        (f"train-{number}:0:0", f"answer {number}") for number in range(12)
    ]
    assert [row.id for row in project.responses("validation")] == [f"validation-{number}:0:0" for number in range(5)]


def test_a_response_holds_what_the_teacher_said(project: Project) -> None:
    logprobs = [{"token": "A", "logprob": -0.5}]
    body = completion("A\0 \N{GRINNING FACE}", reasoning_content="Cats purr.")
    body["choices"][0]["logprobs"] = {"content": logprobs}
    project.write_requests("train", ["why?"])
    project.teacher.script(Answer(body))

    project.run()

    (row,) = project.responses()
    assert row.model_dump(exclude={"key", "usage"}) == {
        "id": "train-0:0:0",
        "status": "answered",
        "content": "A\0 \N{GRINNING FACE}",
        "reasoning": "Cats purr.",
        "finish_reason": "stop",
        "model": MODEL,
        "logprobs": logprobs,
        "error": None,
    }
    assert row.usage
    assert (row.usage.prompt_tokens, row.usage.completion_tokens) == (11, 3)


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(project: Project) -> None:
    project.teacher.script(CUT_SHORT, Answer(completion(None, "content_filter")))
    project.run()
    calls, before = len(project.teacher.calls), project.bytes_written()

    run = project.run()

    assert run.exit_code == 0, run.output
    assert (calls, len(project.teacher.calls)) == (6, 6)
    assert project.bytes_written() == before


def test_a_run_that_asks_nothing_needs_no_credentials(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run()
    for name in ("TEACHER_MODEL_ENDPOINT", "TEACHER_MODEL_KEY"):
        monkeypatch.delenv(name)

    assert project.run().exit_code == 0


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_run_that_may_not_ask_stops_before_its_first_call(
    project: Project, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("POTSTILL_ASK", "never")
    else:
        with (project.folder / ".env").open("a") as file:
            file.write("\nPOTSTILL_ASK=never\n")
    done = project.run()
    assert done.exit_code == 1
    assert "Error: POTSTILL_ASK=never: 6 requests have no answer in the journal or the ledger, and the " in done.stderr
    assert project.teacher.calls == []


def test_rows_hold_nothing_that_differs_between_runs(project: Project) -> None:
    written = []
    for number in range(2):
        project.forget_answers()
        for text in numbered(6):
            body = completion() | {"id": f"chatcmpl-{number}", "created": 1_700_000_000 + number}
            headers = {"x-request-id": f"{number}", "x-ms-region": f"region {number}"}
            project.teacher.script_for(text, Answer(body, headers=headers, delay_s=number / 10))
        project.run()
        written.append(project.bytes_written())

    assert len(project.teacher.calls) == 12
    assert written[0] == written[1]


def test_identical_requests_are_asked_once(project: Project) -> None:
    project.write_requests("train", ["same?", "other?", "same?"])
    project.write_requests("validation", ["same?"])

    project.run()

    assert sorted(project.teacher.questions()) == ["other?", "same?"]
    assert [row.id for row in project.responses("train")] == ["train-0:0:0", "train-1:0:0", "train-2:0:0"]
    assert [row.content for row in project.responses("validation")] == ["A"]


def test_as_many_are_asked_at_once_as_params_say(project: Project) -> None:
    project.configure(concurrency=3)
    project.teacher.default = Answer(completion(), delay_s=0.1)

    project.run()

    assert project.teacher.most_in_flight == 3


def test_each_replicate_is_asked_for_itself(project: Project) -> None:
    rows = [request(f"q:0:{replicate}", "same?", replicate) for replicate in range(3)]
    write_rows(Path("data/requests/train.jsonl"), rows)

    project.run()

    assert project.teacher.questions() == ["same?"] * 3


@pytest.mark.parametrize("max_tokens", [15, 17, 4000])
def test_another_token_limit_asks_again_only_what_the_limit_cut(project: Project, max_tokens: int) -> None:
    project.teacher.script_for("question 2?", CUT_SHORT)
    project.run()
    assert [row.status for row in project.responses()].count("truncated") == 1
    project.teacher.calls.clear()

    project.configure(max_tokens=max_tokens)
    project.run()

    assert project.teacher.questions() == ["question 2?"]
    assert project.teacher.calls[0].body["max_tokens"] == max_tokens
    assert [row.status for row in project.responses()] == ["answered"] * 6


def test_more_questions_ask_only_the_new_ones(project: Project) -> None:
    project.run()
    project.teacher.calls.clear()

    project.write_requests("train", numbered(8))
    project.run()

    assert sorted(project.teacher.questions()) == ["question 6?", "question 7?"]


def test_a_row_that_failed_leaves_the_stage_red_and_names_it(project: Project) -> None:
    project.teacher.script_for("question 3?", REJECTED)

    sentence = assert_one_sentence(project.run())

    assert "1 of 6 requests failed, the last (train-3:0:0) with: status 400" in sentence
    assert "runtime.max_failed_fraction" in sentence


def test_a_rerun_asks_only_the_row_that_failed(project: Project) -> None:
    project.teacher.script_for("question 3?", BUSY, BUSY)
    assert_one_sentence(project.run())
    project.teacher.calls.clear()

    run = project.run()

    assert run.exit_code == 0, run.output
    assert project.teacher.questions() == ["question 3?"]
    assert [row.status for row in project.responses()] == ["answered"] * 6


def test_a_failed_row_may_pass_as_a_row_without_text(project: Project) -> None:
    project.configure(max_failed_fraction=0.2)
    project.teacher.script_for("question 3?", REJECTED)

    run = project.run()

    assert run.exit_code == 0, run.output
    failed = project.responses()[3]
    assert failed.status == "failed"
    assert failed.error
    assert "too long" in failed.error
    assert failed.model_dump(exclude={"id", "key", "status", "error"}, exclude_none=True) == {}
    assert [row.error for row in project.responses()].count(None) == 5


@pytest.mark.parametrize(("fraction", "exit_code"), [(0.5, 0), (0.49, 1)])
def test_as_many_rows_may_fail_as_params_say(project: Project, fraction: float, exit_code: int) -> None:
    project.configure(max_failed_fraction=fraction)
    for number in range(3):
        project.teacher.script_for(f"question {number}?", REJECTED)

    assert project.run().exit_code == exit_code


def test_the_log_tells_what_the_run_did(project: Project) -> None:
    project.configure(max_failed_fraction=1)
    project.write_requests("train", [*numbered(5), "question 0?"])
    project.teacher.script_for("question 1?", CUT_SHORT)
    project.teacher.script_for("question 2?", refusal(400, "content_filter"))
    project.teacher.script_for("question 3?", REJECTED)
    project.teacher.script_for("question 4?", BUSY)

    project.run()

    log = project.log()
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
    assert isinstance(rate, float)
    assert rate == pytest.approx(5 / seconds, rel=0.05)


def test_the_log_of_a_run_that_asked_nothing_says_so(project: Project) -> None:
    project.run()

    project.run()

    log = project.log()
    assert {name: log[name] for name in ("asked", "from_journal", "answered", "retries", "endpoint_host")} == {
        "asked": 0,
        "from_journal": 6,
        "answered": 6,
        "retries": 0,
        "endpoint_host": None,
    }


def test_the_key_stands_in_no_file_of_a_run_whose_failed_rows_may_pass(project: Project) -> None:
    project.configure(max_failed_fraction=1)
    for number, status in enumerate((400, 422, 500)):
        answer = refusal(status, KEY, f"wrong key {KEY}", NOW)
        project.teacher.script_for(f"question {number}?", answer, answer)

    run = project.run()

    files = [file for file in project.folder.parent.rglob("*") if file.is_file()]
    assert run.exit_code == 0, run.output
    assert {"train.jsonl", "infer.json", "journal.sqlite"} <= {file.name for file in files}
    assert [file for file in files if KEY.encode() in file.read_bytes()] == []


def test_the_last_line_sums_the_run_up(project: Project) -> None:
    project.teacher.script_for("question 1?", CUT_SHORT)
    project.run()
    project.write_requests("train", numbered(7))

    run = project.run()

    assert run.stdout == (
        "7 requests: 1 asked, 6 found in the journal, 0 in the ledger; 6 answered, 1 truncated, 0 filtered, 0 failed\n"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(refusal(401, message=f"wrong key {KEY}"), "check TEACHER_MODEL_KEY", id="401"),
        pytest.param(refusal(404), "check TEACHER_MODEL_ENDPOINT and the teacher's model", id="404"),
        pytest.param(refusal(400, "unknown_model", "Unknown model: m"), "Unknown model: m", id="unknown model"),
    ],
)
def test_an_endpoint_that_refuses_all_ends_the_run_in_a_sentence(
    project: Project, answer: Answer, expected: str
) -> None:
    project.teacher.default = answer

    sentence = assert_one_sentence(project.run())

    assert expected in sentence
    assert "0 answers are kept" in sentence


def test_an_endpoint_that_refuses_connections_ends_the_run_in_a_sentence(project: Project) -> None:
    project.teacher.stop()

    sentence = assert_one_sentence(project.run())

    assert "127.0.0.1 cannot be reached" in sentence


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(["TEACHER_MODEL_ENDPOINT"], id="endpoint"),
        pytest.param(["TEACHER_MODEL_ENDPOINT", "TEACHER_MODEL_KEY"], id="both"),
    ],
)
def test_a_missing_endpoint_ends_the_run_in_a_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    for name in missing:
        monkeypatch.delenv(name)

    sentence = assert_one_sentence(project.run())

    assert f"expected {' and '.join(missing)}, found none" in sentence
    assert ".env.example" in sentence
    assert project.teacher.calls == []


def test_no_requests_end_the_run_in_a_sentence(project: Project) -> None:
    Path("data/requests/train.jsonl").unlink()

    assert "data/requests" in assert_one_sentence(project.run())


def test_a_broken_line_of_requests_ends_the_run_before_the_first_call(project: Project) -> None:
    with Path("data/requests/train.jsonl").open("a") as file:
        file.write('{"id": "train-6:0:0", ')

    sentence = assert_one_sentence(project.run())

    assert "data/requests/train.jsonl: line 7: expected a JSON object" in sentence
    assert project.teacher.calls == []


def test_answers_before_a_fatal_error_are_kept(project: Project) -> None:
    project.configure(concurrency=1)
    project.teacher.script(Answer(completion()), Answer(completion()), refusal(401))

    sentence = assert_one_sentence(project.run())

    assert "2 answers are kept and will not be asked again" in sentence
    assert {name: project.log()[name] for name in ("requests", "asked", "answered")} == {
        "requests": 6,
        "asked": 2,
        "answered": 2,
    }
    project.teacher.calls.clear()
    project.run()
    assert len(project.teacher.calls) == 4


def test_a_disk_that_is_full_in_mid_run_stops_before_more_is_bought(project: Project) -> None:
    project.write_requests("train", numbered(100))
    project.teacher.default = Answer(completion(), delay_s=0.1)

    with project.start() as run:
        wait_for_calls(project.teacher, 12)
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (4096, 4096))  # no file may grow any more
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 1, said
    error = said.splitlines()[-1]
    assert re.match(r"Error: /.*/journal\.sqlite: expected a journal that can be read and written, but ", error), said
    assert "make room or mend it" in error
    assert "Traceback" not in said
    asked = len(project.teacher.calls)
    assert asked < 30
    assert project.run().exit_code == 0
    assert len(project.teacher.calls) <= 100 + 2 * 4  # no more is lost than what was in flight


def test_a_journal_that_is_gone_in_mid_run_stops_before_more_is_bought(project: Project, tmp_path: Path) -> None:
    project.write_requests("train", numbered(100))
    project.teacher.default = Answer(completion(), delay_s=0.1)

    with project.start() as run:
        wait_for_calls(project.teacher, 8)
        (tmp_path / "journal.sqlite-wal").unlink()
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 1, said
    assert "Traceback" not in said
    assert "journal.sqlite: expected a journal that can be read and written, but" in said.splitlines()[-1]
    assert len(project.teacher.calls) < 50


def test_the_env_file_says_where_the_journal_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = project.folder.parent / "elsewhere.sqlite"
    monkeypatch.delenv("POTSTILL_JOURNAL")
    monkeypatch.setenv("XDG_DATA_HOME", str(project.folder.parent / "data"))
    Path(".env").write_text(f"POTSTILL_JOURNAL={elsewhere}\n")

    run = project.run()

    assert run.exit_code == 0, run.output
    assert elsewhere.is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_first_signal_starts_no_call_and_keeps_the_answers_in_flight(
    project: Project, number: signal.Signals
) -> None:
    project.configure(concurrency=3)
    project.teacher.default = Answer(completion(), delay_s=0.5)
    with project.start() as run:
        wait_for_calls(project.teacher, 3)
        run.send_signal(number)
        said, _ = run.communicate(timeout=30)
    in_flight, stopped = project.teacher.questions(), project.log()
    project.teacher.calls.clear()

    again = project.run()

    assert run.returncode == 130, said
    assert len(in_flight) == 3
    assert (stopped["asked"], stopped["answered"]) == (3, 3)
    assert said.splitlines() == [
        "stopping when the calls in flight have ended; a second signal stops at once",
        "stopped; every answer that came is kept, and `make repro` asks only the rest",
    ]
    assert again.exit_code == 0, again.output
    assert sorted(in_flight + project.teacher.questions()) == numbered(6)


def test_a_second_signal_stops_at_once(project: Project) -> None:
    project.configure(concurrency=2, timeout_s=60)
    project.teacher.script(Answer(completion()), Answer(fault="hang"), Answer(fault="hang"))
    with project.start() as run:
        wait_for_calls(project.teacher, 3)
        run.send_signal(signal.SIGTERM)
        assert run.stdout
        first = run.stdout.readline()
        started = time.monotonic()
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate(timeout=30)
        took_s = time.monotonic() - started

    assert "a second signal stops at once" in first
    assert took_s < 3
    assert run.returncode == 130
    assert said == "stopped; every answer that came is kept, and `make repro` asks only the rest\n"
    assert project.log()["answered"] == 1


@pytest.mark.parametrize("requests", [6, 40], ids=["each asked once", "more to ask"])
def test_a_signal_ends_a_run_that_only_waits_to_ask_again(project: Project, requests: int) -> None:
    project.write_requests("train", numbered(requests))
    project.teacher.default = refusal(429, headers={"Retry-After": "300"})
    with project.start() as run:
        wait_for_calls(project.teacher, 6)  # after six refusals in a row the whole run pauses
        time.sleep(0.5)
        started = time.monotonic()
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)

    assert run.returncode == 130
    assert time.monotonic() - started < 3


def test_each_answer_is_in_the_journal_as_it_arrives(project: Project) -> None:
    project.configure(concurrency=1)
    project.teacher.script(*[Answer(completion())] * 3, Answer(fault="hang"))
    with project.start() as run:
        wait_for_calls(project.teacher, 4)
        run.kill()  # which leaves no time to write anything
        run.communicate(timeout=30)
    project.teacher.calls.clear()

    again = project.run()

    assert again.exit_code == 0, again.output
    assert project.teacher.questions() == numbered(6)[3:]


def test_a_dry_run_tells_what_would_be_asked_and_asks_nothing(project: Project) -> None:
    project.run()
    project.teacher.calls.clear()
    project.write_requests("train", [*numbered(8), "question 0?"])

    run = project.run("--dry-run")

    assert run.exit_code == 0, run.output
    assert run.stdout.splitlines() == [
        "requests     9, 8 of them distinct",
        "bought       6 in the journal, 0 in the ledger",
        "to ask       2",
        "tokens       22 in prompts, 6 in answers (as the 6 bought ones took)",
        "cost         unknown: no price_per_million for stand-in",
    ]
    assert project.teacher.calls == []


def test_a_dry_run_tells_the_cost_where_the_price_is_known(project: Project) -> None:
    project.configure(price={"input": 1000, "output": 10000})
    project.write_requests("train", numbered(4))  # of 33 characters each, with an answer of 16 tokens at most

    run = project.run("--dry-run")

    assert run.stdout.splitlines()[-2:] == [
        "tokens       33 in prompts, 64 in answers "
        "(prompts by their length, answers at most, since none is bought yet)",
        "cost         0.6730 USD",
    ]


def test_a_dry_run_writes_no_rows(project: Project) -> None:
    project.run("--dry-run")

    assert not Path("data/responses").exists()
    assert not Path("logs").exists()


def test_a_budget_without_a_price_ends_the_run_before_the_first_call(project: Project) -> None:
    project.configure(budget_usd=1)

    sentence = assert_one_sentence(project.run())

    assert "teachers.stand-in.price_per_million: expected input and output" in sentence
    assert "runtime.budget_usd" in sentence
    assert project.teacher.calls == []


def test_a_budget_that_is_spent_ends_the_run_and_keeps_what_it_bought(project: Project) -> None:
    project.configure(concurrency=1, price={"input": 0, "output": 10_000}, budget_usd=0.25)  # an answer: 0.03 to 0.16

    sentence = assert_one_sentence(project.run())

    assert "runtime.budget_usd: 0.1200 of 0.25 US dollars are spent" in sentence
    assert "4 answers are kept" in sentence
    assert len(project.teacher.calls) == 4


def test_as_many_failures_in_a_row_as_params_say_end_the_run(project: Project) -> None:
    project.configure(concurrency=1, max_failures_in_a_row=3)
    project.teacher.default = REJECTED

    sentence = assert_one_sentence(project.run())

    assert "3 requests failed in a row, the last with status 400" in sentence
    assert len(project.teacher.calls) in (3, 4)  # the next call may have left before the stop reaches it


def test_answers_of_several_models_are_told_by_name(project: Project) -> None:
    project.run()
    project.write_requests("train", numbered(7))
    project.teacher.default = Answer(changed(model="newer-2025"))

    run = project.run()

    assert run.exit_code == 0, run.output
    assert run.stderr == f"warning: teacher stand-in: the answers come from 2 models: newer-2025, {MODEL}\n"


def test_answers_of_several_endpoints_are_told_by_name(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run()
    project.write_requests("train", numbered(7))
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", project.teacher.endpoint.replace("127.0.0.1", "localhost"))

    run = project.run()

    assert run.exit_code == 0, run.output
    assert run.stderr == "warning: teacher stand-in: the answers come from 2 endpoints: 127.0.0.1, localhost\n"


def test_answers_of_one_model_at_one_endpoint_are_no_matter_for_a_warning(project: Project) -> None:
    assert project.run().stderr == ""


def test_a_run_off_a_terminal_tells_every_10_s_how_far_it_is(project: Project) -> None:
    project.configure(timeout_s=30)
    project.teacher.script_for("question 5?", Answer(completion(), delay_s=10.5))

    run = project.run()

    assert run.exit_code == 0, run.output
    told = run.stderr.splitlines()
    assert len(told) == 1
    assert re.fullmatch(r"stand-in: 5 of 6 rows, 0\.5 rows/s, 2 s left; 5 asked, 0 found, 0 failed, 70 tokens", told[0])


def test_a_line_of_progress_comes_also_while_nothing_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    async def wait() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await Progress("stand-in", total=6, found=2).report_often(interval_s=0.2)

    asyncio.run(wait())

    line = "stand-in: 0 of 6 rows, nothing came yet; 0 asked, 2 found, 0 failed, 0 tokens"
    assert capsys.readouterr().err.splitlines() == [line] * 2
