"""What is paid for once, counted by the teacher: runs again, edits, branches, runs at once, runs that are killed."""

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from potstill.teacher.store.journal import Journal
from tests.project import QUESTIONS, Project, arguments, command
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

NOW = {"Retry-After": "0"}
KEY = secrets.token_hex(16)  # made anew, so that it stands in no file but for a leak
OTHER_WORDS = "One of {labels}, please."


def run_stages(project: Project, *stages: str) -> None:
    """Run stages as dvc.yaml does, without DVC, whose start takes as long as they do."""
    for stage in stages:
        done = project.run(*command(stage))
        assert done.returncode == 0, done.stderr


@contextmanager
def start_infer(project: Project, name: str | None = None) -> "Iterator[subprocess.Popen[str]]":
    """Start the stage in a process that does not outlive the block; a `name` is where its rows go, its log beside."""
    paths = {"data/responses": name, "logs/infer.json": f"{name}.json"} if name else {}
    with subprocess.Popen(
        [sys.executable, "-m", "stages.infer", *[paths.get(word, word) for word in arguments("infer")]],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def wait_for_calls(teacher: TeacherServer, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(teacher.calls) < count:
        assert time.monotonic() < deadline, f"only {len(teacher.calls)} of {count} calls came"
        time.sleep(0.01)


def commit(project: Project, message: str) -> None:
    project.git("add", "--all")
    project.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", message)


def bought_keys(project: Project) -> set[str]:
    """The keys of the answers in the journal."""
    with Journal(Path(project.environment["POTSTILL_JOURNAL"])) as journal:
        return {key for (key,) in journal.read("SELECT key FROM answers")}


def files_below(folder: Path) -> Iterator[Path]:
    """Every file but .env, where the key belongs."""
    return (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and file.name != ".env")


@pytest.mark.parametrize(
    ("options", "ran"),
    [pytest.param((), [], id="unchanged"), pytest.param(("--force", "--single-item", "infer"), ["infer"], id="forced")],
)
def test_a_second_repro_asks_nothing(
    project: Project, teacher: TeacherServer, options: tuple[str, ...], ran: list[str]
) -> None:
    assert project.repro(*options) == ran

    assert teacher.calls == []


def test_a_prompt_that_is_edited_and_reverted_is_asked_once(project: Project, teacher: TeacherServer) -> None:
    before, rows = project.read("params.yaml"), project.read("data/responses/train.jsonl")
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    run_stages(project, "prepare", "infer")
    assert len(teacher.calls) == QUESTIONS

    (project.folder / "params.yaml").write_text(before)
    run_stages(project, "prepare", "infer")

    assert len(teacher.calls) == QUESTIONS
    assert project.read("data/responses/train.jsonl") == rows


def test_more_rows_ask_exactly_the_new_ones(project: Project, teacher: TeacherServer) -> None:
    asked_before = {row["messages"][-1]["content"] for row in project.rows("data/requests/train.jsonl")}
    project.edit_params(load__train=12)

    run_stages(project, "load", "prepare", "infer")

    wanted = {row["messages"][-1]["content"] for row in project.rows("data/requests/train.jsonl")}
    assert len(wanted - asked_before) == 4
    assert sorted(teacher.questions()) == sorted(wanted - asked_before)


def test_another_branch_and_back_asks_nothing_again(project: Project, teacher: TeacherServer) -> None:
    commit(project, "Run")
    project.git("checkout", "-qb", "other")
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    project.repro("infer")
    commit(project, "Ask in other words")
    assert len(teacher.calls) == QUESTIONS

    for branch in ("-", "other"):
        project.git("checkout", "-q", branch)
        project.repro("--force", "--single-item", "prepare")
        assert project.repro("--force", "--single-item", "infer") == ["infer"]

    assert len(teacher.calls) == QUESTIONS


def test_two_runs_at_once_buy_each_request_once(project: Project, teacher: TeacherServer) -> None:
    project.edit_params(prepare__replicates=20, runtime__concurrency=16)  # of the 13 questions, one is bought of each
    run_stages(project, "prepare")
    teacher.default = Answer(completion(), delay_s=0.4)

    with start_infer(project, "one") as one, start_infer(project, "two") as two:
        said = [run.communicate(timeout=60)[0] for run in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), said
    assert len(teacher.calls) == 19 * QUESTIONS
    assert {text: teacher.questions().count(text) for text in teacher.questions()} == dict.fromkeys(
        teacher.questions(), 19
    )
    counted = [re.search(r"260 requests: (\d+) asked, (\d+) found in the journal", tell).groups() for tell in said]
    assert all(int(asked) > 0 for asked, _ in counted)  # they did overlap
    assert [int(asked) + int(found) for asked, found in counted] == [260, 260]
    for split in ("train", "validation"):
        assert project.read(f"one/{split}.jsonl") == project.read(f"two/{split}.jsonl")


def test_a_run_that_was_killed_asks_none_again_that_reached_the_journal(
    project: Project, teacher: TeacherServer
) -> None:
    project.edit_params(prompts__letter__system=OTHER_WORDS, runtime__concurrency=3)
    run_stages(project, "prepare")
    teacher.default = Answer(completion(), delay_s=0.2)
    with start_infer(project) as run:
        wait_for_calls(teacher, 7)  # with three at a time, four answers or more have been kept by now
        run.kill()
        run.communicate(timeout=60)
    kept = bought_keys(project)
    teacher.calls.clear()

    run_stages(project, "infer")

    asked = set(teacher.questions())
    assert len(asked) == len(teacher.calls)
    rows = project.rows("data/responses/train.jsonl") + project.rows("data/responses/validation.jsonl")
    requests = project.rows("data/requests/train.jsonl") + project.rows("data/requests/validation.jsonl")
    text_of = {request["id"]: request["messages"][-1]["content"] for request in requests}
    kept_texts = {text_of[row["id"]] for row in rows if row["key"] in kept}
    assert len(kept_texts) >= 4
    assert asked == set(text_of.values()) - kept_texts


def test_a_run_whose_dvc_was_killed_goes_on_beside_the_next_and_none_asks_what_the_other_does(
    project: Project, teacher: TeacherServer
) -> None:
    project.edit_params(prepare__replicates=20, runtime__concurrency=16)
    run_stages(project, "prepare")
    teacher.default = Answer(completion(), delay_s=0.4)
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "--quiet", "--single-item", "infer"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:
        wait_for_calls(teacher, 16)
        (orphan,) = psutil.Process(dvc.pid).children()
        dvc.kill()

    run_stages(project, "infer")
    orphan.wait(60)

    peers = {call.peer for call in teacher.calls}
    assert len(teacher.calls) == 19 * QUESTIONS
    assert len(peers) > 16  # both asked
    assert [row["status"] for row in project.rows("data/responses/train.jsonl")] == ["answered"] * 20 * 8


def test_a_run_that_another_overtook_keeps_its_answers_and_writes_no_rows_over_those_of_the_other(
    project: Project, teacher: TeacherServer
) -> None:
    before = project.read("params.yaml")
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    run_stages(project, "prepare")
    teacher.default = Answer(completion(), delay_s=3)
    with start_infer(project) as older:
        wait_for_calls(teacher, QUESTIONS)
        (project.folder / "params.yaml").write_text(before)
        run_stages(project, "prepare", "infer")
        written, logged = project.read("data/responses/train.jsonl"), project.read("logs/infer.json")
        assert older.poll() is None  # the newer run, which asked nothing, was done first
        said = older.communicate(timeout=60)[0]

    assert older.returncode == 1
    assert said.splitlines()[-1] == (
        "Error: data/responses: another run of this stage was started after this one, so its rows are written there; "
        "every answer that came here is kept"
    )
    assert project.read("data/responses/train.jsonl") == written
    assert project.read("logs/infer.json") == logged
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    run_stages(project, "prepare", "infer")
    assert len(teacher.calls) == QUESTIONS


def test_a_second_clone_that_pulls_the_ledger_asks_nothing(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    (tmp_path / "remote").mkdir()
    project.run("dvc", "remote", "add", "--quiet", "--default", "store", str(tmp_path / "remote"))
    published = project.run("python", "-m", "potstill", "publish", "--ledger", "data/ledger")
    assert f"{QUESTIONS} answers published" in published.stdout, published.stderr
    commit(project, "Publish")
    (tmp_path / "elsewhere").mkdir()
    second = Project(tmp_path / "elsewhere")
    subprocess.run(["git", "clone", "-q", str(project.folder), str(second.folder)], check=True)
    second.use(teacher)
    run_stages(second, "load", "prepare")

    stopped = second.run(*command("infer"))
    assert "run `make pull`, or the answers in them would be bought again" in stopped.stderr
    second.run("dvc", "pull", "--quiet", "data/ledger.dvc")
    run_stages(second, "infer")

    assert teacher.calls == []
    for split in ("train", "validation"):
        name = f"data/responses/{split}.jsonl"
        assert second.read(name) == project.read(name)


def test_the_rows_of_a_killed_run_are_those_of_an_undisturbed_one(project: Project, teacher: TeacherServer) -> None:
    project.edit_params(prompts__letter__system=OTHER_WORDS, runtime__concurrency=3)
    run_stages(project, "prepare")
    for number, row in enumerate(project.rows("data/requests/train.jsonl")):
        answers = [Answer(completion(f"answer {number}"), delay_s=0.2)] * 3
        teacher.script_for(row["messages"][-1]["content"], *answers)
    with start_infer(project) as run:
        wait_for_calls(teacher, 7)
        run.kill()
        run.communicate(timeout=60)
    run_stages(project, "infer")
    project.environment["POTSTILL_JOURNAL"] = str(project.folder.parent / "undisturbed.sqlite")

    with start_infer(project, "undisturbed") as run:
        run.communicate(timeout=60)

    for split in ("train", "validation"):
        assert project.read(f"data/responses/{split}.jsonl") == project.read(f"undisturbed/{split}.jsonl")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(401, "401", "no such key"), id="401"),
        pytest.param(refusal(500, headers=NOW), id="500s"),
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(b"<html>bad gateway</html>"), id="garbage"),
        pytest.param(refusal(401, KEY, f"wrong key {KEY}"), id="a fatal error that quotes the key"),
        pytest.param(refusal(400, KEY, f"wrong key {KEY}"), id="a failed row that quotes the key"),
        pytest.param(Answer({"error": f"Bearer {KEY}"}), id="an answer that quotes the key"),
        pytest.param(Answer(f"api-key: {KEY}".encode(), status=502, headers=NOW), id="a page that quotes the key"),
    ],
)
def test_a_run_that_fails_leaves_the_key_nowhere(project: Project, teacher: TeacherServer, answer: Answer) -> None:
    (project.folder / ".env").write_text(f"TEACHER_MODEL_ENDPOINT={teacher.endpoint}\nTEACHER_MODEL_KEY={KEY}\n")
    project.edit_params(prompts__letter__system=OTHER_WORDS, runtime__max_attempts=2)
    run_stages(project, "prepare")
    teacher.default = Answer(answer.body, answer.status, answer.headers, delay_s=0.3, fault=answer.fault)

    with start_infer(project) as run:
        wait_for_calls(teacher, 1)
        shown = [
            " ".join(process.cmdline()) for process in [psutil.Process(run.pid), *psutil.Process(run.pid).children()]
        ]
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 1, said
    assert {call.header("authorization") for call in teacher.calls} == {f"Bearer {KEY}"}
    assert "stages.infer" in shown[0]
    assert KEY not in "\n".join([said, *shown])
    assert [file for file in files_below(project.folder.parent) if KEY.encode() in file.read_bytes()] == []
