"""What is paid for once, counted by the teacher: runs at once, runs that are killed, and, slow, edits and branches."""

import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Question, write_rows
from potstill.teacher.store.journal import Journal
from stages import prepare
from tests.project import QUESTIONS, Project, arguments, command
from tests.servers.teacher import Answer, TeacherServer, completion
from tests.teacher.light_project import LightProject, numbered

ROWS = 260  # a run claims 64 at a time
OTHER_WORDS = "One of {labels}, please."
OVERTAKEN = (
    "Error: data/responses: another run of this stage was started after this one, so its rows are written there; "
    "every answer that came here is kept"
)


def kept_answers(light: LightProject) -> int:
    with Journal(light.folder.parent / "journal.sqlite") as journal:
        return next(journal.read("SELECT count(*) FROM answers"))[0]


def test_two_runs_at_once_buy_each_request_once(light: LightProject) -> None:
    light.configure(concurrency=16)
    light.write_requests("train", numbered(ROWS))
    light.teacher.default = Answer(completion(), delay_s=0.4)

    with light.start("one") as one, light.start("two") as two:
        texts = [run.communicate(timeout=60)[0] for run in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), texts
    assert Counter(light.teacher.questions()) == Counter(numbered(ROWS))
    matches = [re.search(r"260 requests: (\d+) asked, (\d+) found in the journal", text) for text in texts]
    counted = [(int(match[1]), int(match[2])) for match in matches if match]
    assert all(asked > 0 for asked, _ in counted)  # they did overlap
    assert [asked + found for asked, found in counted] == [ROWS, ROWS]
    assert light.bytes_written("one") == light.bytes_written("two")


def prepare_requests(light: LightProject, **settings: object) -> None:
    """Run stage prepare with these settings."""
    yaml, path = YAML(), light.folder / "params.yaml"
    params = yaml.load(path)
    params["prepare"].update({"splits": ["train"], **settings})
    yaml.dump(params, path)
    CliRunner().invoke(prepare.main, arguments("prepare"), catch_exceptions=False)


def test_more_rotations_ask_only_what_is_new(light: LightProject) -> None:
    choices = [letter_choices(["yes", "no", "maybe", "never", "always"][:size]) for size in (2, 3, 5, 5)]
    questions = [
        Question(id=f"q{number}", question=f"{number}?", choices=shown, answer="A", concept=None)
        for number, shown in enumerate(choices)
    ]
    write_rows(light.folder / "data/raw/train.jsonl", questions)
    calls = [0]
    for settings in ({"rotations": 1}, {"rotations": "all", "pride_share": 0.5}, {"pride_share": 1}, {"rotations": 3}):
        prepare_requests(light, **settings)
        light.succeed()
        calls.append(len(light.teacher.calls))
    assert calls == [0, 4, 11, 15, 15]  # 4 questions, 1 + 2 + 4 rotations of three of them, 4 of the last
    assert max(Counter(light.teacher.questions()).values()) == 1
    assert len(light.responses()) == 2 + 3 + 3 + 3


def test_a_run_that_was_killed_asks_none_again_that_reached_the_journal(light: LightProject) -> None:
    light.configure(concurrency=3)
    light.write_requests("train", numbered(15))
    for number, text in enumerate(numbered(15)):
        light.teacher.script_for(text, *[Answer(completion(f"answer {number}"), delay_s=0.2)] * 3)
    with light.start() as run:
        light.wait_for_calls(7)
        run.kill()  # which leaves no time to write anything
        run.communicate(timeout=60)
    kept = kept_answers(light)
    assert kept >= 4  # with three at a time
    light.teacher.calls.clear()

    light.succeed()

    assert len(light.teacher.calls) == len(set(light.teacher.questions())) == 15 - kept
    assert [row.content for row in light.responses()] == [f"answer {number}" for number in range(15)]


def test_a_run_that_goes_on_beside_a_later_one_asks_nothing_twice_and_writes_nothing_over_it(
    light: LightProject,
) -> None:
    light.configure(concurrency=16)
    light.write_requests("train", numbered(ROWS))
    light.teacher.default = Answer(completion(), delay_s=0.4)
    with light.start() as older:
        light.wait_for_calls(16)
        with light.start() as later:
            output = later.communicate(timeout=60)[0]
            written, logged = light.bytes_written(), light.log()
        older_output = older.communicate(timeout=60)[0]

    assert later.returncode == 0, output
    assert older.returncode == 1
    assert older_output.splitlines()[-1] == OVERTAKEN
    assert Counter(light.teacher.questions()) == Counter(numbered(ROWS))
    assert logged["asked"] != 0  # both asked
    assert (light.bytes_written(), light.log()) == (written, logged)
    assert [row.status for row in light.responses()] == ["answered"] * ROWS


def test_a_run_that_was_overtaken_keeps_what_it_bought(light: LightProject) -> None:
    light.succeed()
    light.write_requests("train", ["other?"])
    light.teacher.default = Answer(completion("B"), delay_s=2)
    with light.start() as older:
        light.wait_for_calls(7)
        light.write_requests("train", numbered(6))
        light.succeed()  # asks nothing, and so is done first
        logged = light.log()
        assert older.poll() is None
        older.communicate(timeout=60)

    assert older.returncode == 1
    assert light.log() == logged
    assert [row.content for row in light.responses()] == ["A"] * 6
    light.write_requests("train", ["other?"])
    light.succeed()
    assert len(light.teacher.calls) == 7
    assert [row.content for row in light.responses()] == ["B"]


def run_stages(project: Project, *stages: str) -> None:
    """Run stages as dvc.yaml does, without DVC, whose start takes as long as they do."""
    for stage in stages:
        done = project.run(*command(stage))
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_more_rows_and_an_edit_that_is_reverted_are_asked_once(project: Project, teacher: TeacherServer) -> None:
    before, rows = project.read("params.yaml"), project.read("data/responses/train.jsonl")
    asked_before = {row["messages"][-1]["content"] for row in project.rows("data/requests/train.jsonl")}
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    run_stages(project, "prepare", "infer")
    assert len(teacher.calls) == QUESTIONS

    (project.folder / "params.yaml").write_text(before)
    run_stages(project, "prepare", "infer")

    assert len(teacher.calls) == QUESTIONS
    assert project.read("data/responses/train.jsonl") == rows
    teacher.calls.clear()
    project.edit_params(load__train=12)
    run_stages(project, "load", "prepare", "infer")
    wanted = {row["messages"][-1]["content"] for row in project.rows("data/requests/train.jsonl")}
    assert len(wanted - asked_before) == 4
    assert sorted(teacher.questions()) == sorted(wanted - asked_before)


@pytest.mark.slow
def test_another_branch_and_back_asks_nothing_again(project: Project, teacher: TeacherServer) -> None:
    project.commit("Run")
    assert project.repro() == []
    assert project.repro("--force", "--single-item", "infer") == ["infer"]
    assert teacher.calls == []
    project.git("checkout", "-qb", "other")
    project.edit_params(prompts__letter__system=OTHER_WORDS)
    project.repro("infer")
    project.commit("Ask in other words")
    assert len(teacher.calls) == QUESTIONS

    for branch in ("-", "other"):
        project.git("checkout", "-q", branch)
        project.repro("--force", "--single-item", "prepare")
        assert project.repro("--force", "--single-item", "infer") == ["infer"]

    assert len(teacher.calls) == QUESTIONS


@pytest.mark.slow
def test_a_run_whose_dvc_was_killed_goes_on_beside_the_next_and_none_asks_what_the_other_does(
    project: Project, teacher: TeacherServer
) -> None:
    project.edit_params(prepare__replicates=20, runtime__concurrency=16)  # of the 13 questions, one is bought of each
    run_stages(project, "prepare")
    teacher.default = Answer(completion(), delay_s=0.4)
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "--quiet", "--single-item", "infer"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dvc:
        while len(teacher.calls) < 16:
            assert dvc.poll() is None
            time.sleep(0.05)
        (orphan,) = psutil.Process(dvc.pid).children()
        dvc.kill()

    run_stages(project, "infer")
    orphan.wait(60)

    assert len(teacher.calls) == 19 * QUESTIONS
    assert len({call.peer for call in teacher.calls}) > 16  # both asked
    assert [row["status"] for row in project.rows("data/responses/train.jsonl")] == ["answered"] * 20 * 8


@pytest.mark.slow
def test_a_second_clone_that_pulls_the_ledger_asks_nothing(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    (tmp_path / "remote").mkdir()
    project.run("dvc", "remote", "add", "--quiet", "--default", "store", str(tmp_path / "remote"))
    published = project.run("python", "-m", "potstill", "publish", "--ledger", "data/ledger")
    assert f"{QUESTIONS} answers published" in published.stdout, published.stderr
    project.commit("Publish")
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
