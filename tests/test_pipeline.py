"""The DVC project as people use it: a clone of it, real `dvc`, a teacher on loopback that counts its calls."""

import json
import shutil
import subprocess

import pytest
from ruamel.yaml import YAML

from tests.project import QUESTIONS, STAGES, Project
from tests.servers.teacher import Answer, TeacherServer, completion, refusal


def test_one_command_leads_from_questions_to_a_training_set(project: Project) -> None:
    exported = project.rows("data/export/question_answer/train.jsonl")
    assert len(exported) == 8
    assert all(set(row) == {"Question", "Answer"} for row in exported)
    metrics = json.loads(project.read("reports/metrics.json"))
    assert metrics["validation"]["questions"] == 5
    assert "<html" in project.read("reports/index.html")


def test_a_second_run_does_nothing(project: Project) -> None:
    assert project.repro() == []
    assert project.run("dvc", "status").stdout == "Data and pipelines are up to date.\n"


def test_only_what_an_edit_concerns_runs_again(project: Project) -> None:
    project.edit_params(prompts__chain_of_thought__system="Think, then name one of {labels}.", runtime__concurrency=3)
    project.edit_params(teachers__smollm2__max_tokens=99, datasets__commonsense_qa__revision=None)
    assert project.repro() == []
    project.edit_params(prompts__letter__system="One of {labels}, please.")
    assert project.repro() == ["prepare", "infer", "analyze", "export"]
    project.edit_params(export__keep="correct")
    assert project.repro() == ["export"]


def test_an_edit_that_is_taken_back_is_not_paid_for_again(project: Project, teacher: TeacherServer) -> None:
    before = project.read("params.yaml")
    project.edit_params(prompts__letter__system="One of {labels}, please.")
    project.repro("infer")
    assert len(teacher.calls) == QUESTIONS
    (project.folder / "params.yaml").write_text(before)
    project.repro("--force", "infer")
    assert len(teacher.calls) == QUESTIONS


def test_the_same_answers_give_the_same_bytes(project: Project, teacher: TeacherServer) -> None:
    lock, metrics = project.read("dvc.lock"), project.read("reports/metrics.json")
    for output in ("raw", "requests", "responses", "answers", "export"):
        shutil.rmtree(project.folder / "data" / output)
    shutil.rmtree(project.folder / "reports")
    assert project.repro("--force") == STAGES
    assert project.read("dvc.lock") == lock
    assert project.read("reports/metrics.json") == metrics
    assert teacher.calls == []


def test_a_run_leaves_nothing_for_git_but_the_lock_and_the_metrics(project: Project) -> None:
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project.folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {line[3:] for line in changed} <= {"dvc.lock", "reports/metrics.json"}


@pytest.mark.parametrize("choice", ["dataset", "prompt", "teacher"])
def test_an_unknown_name_stops_dvc_with_a_sentence(project: Project, choice: str) -> None:
    project.edit_params(**{choice: "nope"})
    done = project.run("dvc", "repro")
    assert done.returncode != 0
    assert "nope" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_row_stops_the_pipeline_and_the_next_run_asks_only_that_row(
    project: Project, teacher: TeacherServer
) -> None:
    project.edit_params(prompts__letter__system="One of {labels}, please.")
    teacher.script(refusal(422))
    done = project.run("dvc", "repro")
    assert done.returncode != 0
    assert f"1 of {QUESTIONS} requests failed" in done.stderr
    assert len(teacher.calls) == QUESTIONS
    assert project.repro() == ["infer", "analyze", "export"]
    assert len(teacher.calls) == QUESTIONS + 1


def test_an_experiment_asks_only_what_its_prompt_changes(project: Project, teacher: TeacherServer) -> None:
    done = project.run("dvc", "exp", "run", "--set-param", "prompt=chain_of_thought")
    assert done.returncode == 0, done.stderr
    assert len(teacher.calls) == QUESTIONS
    shown = project.run("dvc", "exp", "show", "--md", "--only-changed")
    assert "chain_of_thought" in shown.stdout


def test_queued_experiments_side_by_side_buy_each_request_once(project: Project, teacher: TeacherServer) -> None:
    thinking = YAML(typ="safe").load(project.read("params.yaml"))["prompts"]["chain_of_thought"]
    project.edit_params(prompts__twin=thinking)
    project.git("add", "--all")
    project.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "Run")
    teacher.default = Answer(completion(), delay_s=0.5)
    queued = project.run("dvc", "exp", "run", "--queue", "--set-param", "prompt=letter,chain_of_thought,twin")
    assert queued.returncode == 0, queued.stderr

    done = project.run("dvc", "exp", "run", "--run-all", "--jobs", "2")

    assert done.returncode == 0, done.stderr
    assert project.run("dvc", "exp", "list", "--name-only").stdout.count("\n") == 3
    assert len(teacher.calls) == len(set(teacher.questions())) == QUESTIONS


def test_a_strict_gate_that_is_not_passed_leaves_a_report_and_no_export(project: Project) -> None:
    project.edit_params(analyze__gates={"min_accuracy": 1, "strict": True})
    done = project.run("dvc", "repro")
    assert done.returncode != 0
    assert "params.yaml: analyze.gates: not passed: min_accuracy in train" in done.stderr
    assert not (project.folder / "data/export").exists()
    assert '"min_accuracy": "fail"' in project.read("reports/metrics.json")
    project.edit_params(analyze__gates__strict=False)
    assert project.repro() == ["analyze"]  # of the same answers DVC has the export
    assert (project.folder / "data/export/manifest.json").is_file()


def test_dvc_draws_the_confusion_matrix_the_letters_and_the_accuracy(project: Project) -> None:
    done = project.run("dvc", "plots", "show")
    assert done.returncode == 0, done.stderr
    page = project.read("dvc_plots/index.html")
    for title in ("Gold against the letter that was read", "Letters read, and gold", "Accuracy by question type"):
        assert title in page


def test_metrics_and_params_can_be_compared_between_commits(project: Project) -> None:
    project.edit_params(export__keep="correct")
    assert "validation.accuracy" in project.run("dvc", "metrics", "show", "--md").stdout
    assert "export.keep" in project.run("dvc", "params", "diff", "--md").stdout


def test_metrics_and_plots_can_be_compared_between_commits_and_experiments(project: Project) -> None:
    project.git("add", "--all")
    project.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "Run")
    done = project.run("dvc", "exp", "run", "--name", "strict", "--set-param", "prompt=chain_of_thought")
    assert done.returncode == 0, done.stderr
    project.edit_params(load__train=12)
    project.repro()

    for other in ("HEAD", "strict"):
        compared = project.run("dvc", "metrics", "diff", other, "--md").stdout
        assert "| train.questions | 8 | 12 |" in " ".join(compared.split())
        done = project.run("dvc", "plots", "diff", other)
        assert done.returncode == 0, done.stderr
        page = project.read("dvc_plots/index.html")
        assert all(f'"rev": "{revision}"' in page for revision in (other, "workspace"))
