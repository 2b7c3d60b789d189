import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stages.infer import main
from stages.records import Choice, Message, Request, Response, read_rows, write_rows
from tests.project import arguments, command
from tests.servers.teacher import MODEL, Answer, TeacherServer, completion, refusal

ROOT = Path(__file__).parents[1]
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

    def configure(self, max_tokens: int = 16, **runtime: object) -> None:
        """Write params.yaml, derived from the one in this repository."""
        yaml = YAML()
        params = yaml.load(ROOT / "tests/params.yaml")
        params["teacher"] = "stand-in"
        params["teachers"]["stand-in"] = {"provider": "azure", "model": "m", "max_tokens": max_tokens}
        params["runtime"].update({"concurrency": 4, "timeout_s": 5, "max_attempts": 2, **runtime})
        yaml.dump(params, self.folder / "params.yaml")

    def write_requests(self, split: str, questions: Sequence[str]) -> None:
        """Write one request for each question; ids are numbered by position."""
        rows = [request(f"{split}-{number}:0:0", text) for number, text in enumerate(questions)]
        write_rows(self.folder / f"data/requests/{split}.jsonl", rows)

    def run(self) -> Result:
        """Run the stage."""
        return CliRunner().invoke(main, arguments("infer"))

    def start(self) -> "subprocess.Popen[str]":
        """Start the stage in a process of its own."""
        return subprocess.Popen(
            command("infer"),
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

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
    monkeypatch.delenv("TEACHER_MODEL_KEY")

    assert project.run().exit_code == 0


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


def test_the_key_stands_in_no_file(project: Project) -> None:
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
        "7 requests: 1 asked, 6 found in the journal; 6 answered, 1 truncated, 0 filtered, 0 failed\n"
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


@pytest.mark.parametrize("missing", ["TEACHER_MODEL_ENDPOINT", "TEACHER_MODEL_KEY"])
def test_missing_credentials_end_the_run_in_a_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)

    sentence = assert_one_sentence(project.run())

    assert f"expected {missing}, found none" in sentence
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


def test_the_env_file_says_where_the_journal_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = project.folder.parent / "elsewhere.sqlite"
    monkeypatch.delenv("POTSTILL_JOURNAL")
    monkeypatch.setenv("XDG_DATA_HOME", str(project.folder.parent / "data"))
    Path(".env").write_text(f"POTSTILL_JOURNAL={elsewhere}\n")

    run = project.run()

    assert run.exit_code == 0, run.output
    assert elsewhere.is_file()


def test_sigterm_in_mid_run_keeps_the_answers_and_says_so(project: Project) -> None:
    project.configure(concurrency=1)
    project.teacher.script(*[Answer(completion())] * 3, Answer(fault="hang"))
    with project.start() as run:
        wait_for_calls(project.teacher, 4)  # with one call at a time, three answers are in the journal by now
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate(timeout=30)
    project.teacher.calls.clear()
    stopped = project.log()

    again = project.run()

    assert run.returncode == 130
    assert (stopped["asked"], stopped["answered"]) == (3, 3)
    assert "stopped; every answer that came is kept, and `make repro` asks only the rest" in said
    assert "Traceback" not in said
    assert again.exit_code == 0, again.output
    assert project.teacher.questions() == numbered(6)[3:]


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
