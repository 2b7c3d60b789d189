"""The DVC project as people use it: a clone of it, real `dvc`, a teacher on loopback that counts its calls."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

from tests.project import QUESTIONS, STAGES, Project, stages_that_ran
from tests.servers.teacher import TeacherServer, refusal

OUTPUTS = ["data/raw", "data/requests", "data/responses", "data/answers", "data/export", "reports"]
# What would run again for a reason of its own; the stages after it run where their inputs change.
PARAMS_AND_READERS = [
    ({"runtime__concurrency": 3}, []),
    ({"price_per_million__loopback": {"input": 1, "output": 2}}, ["analyze"]),
    ({"prompts__chain_of_thought__system": "Think, then name one of {labels}."}, []),
    ({"teachers__smollm2__max_tokens": 99}, []),
    ({"datasets__commonsense_qa__revision": None}, []),
    ({"load__train": 7}, ["load", "export"]),
    ({"prepare__rotations": 2}, ["prepare", "export"]),
    ({"prompts__letter__system": "One of {labels}, please."}, ["prepare", "analyze", "export"]),
    ({"teachers__loopback__max_tokens": 99}, ["infer", "analyze", "export"]),
    ({"analyze__gates": {"min_accuracy": 0.5}}, ["analyze", "export"]),
    ({"export__keep": "correct"}, ["export"]),
]
FILES_AND_READERS = {
    "data/source/bundled/train.jsonl": ["load"],
    "potstill/core/records.py": STAGES,
    "potstill/questions/schemas.py": ["load"],
    "potstill/prompting/requests.py": ["prepare", "export"],
    "potstill/teacher/run.py": ["infer"],
    "potstill/reading/judging.py": ["analyze", "export"],
    "potstill/quality/report.py": ["analyze"],
    "potstill/training_set/formats.py": ["export"],
    "potstill/sharing/history.py": [],
    "potstill/commands/push.py": [],
}


def test_one_command_leads_from_questions_to_a_training_set(project: Project) -> None:
    exported = project.rows("data/export/question_answer/train.jsonl")
    assert len(exported) == 8
    assert all(set(row) == {"Question", "Answer"} for row in exported)
    measures = json.loads(project.read("reports/tables/measures.json"))
    assert measures["validation"]["questions"] == 5
    assert (
        json.loads(project.read("reports/metrics.json"))["validation"]["accuracy"] == measures["validation"]["accuracy"]
    )
    lock = YAML(typ="safe").load(project.read("dvc.lock"))
    (responses,) = lock["stages"]["infer"]["outs"]
    assert f"git log --oneline -S {responses['md5']} -- dvc.lock" in project.read("reports/index.html")
    changed = project.run("git", "status", "--porcelain").stdout.splitlines()
    assert {line[3:] for line in changed} == {"dvc.lock", "reports/metrics.json"}


def test_only_what_an_edit_concerns_would_run_again(project: Project) -> None:
    assert project.changed_stages() == []
    params = project.read("params.yaml")
    for edit, stages in PARAMS_AND_READERS:
        project.edit_params(**edit)
        assert project.changed_stages() == stages, edit
        (project.folder / "params.yaml").write_text(params)
    for name, stages in FILES_AND_READERS.items():
        content = project.read(name)
        (project.folder / name).write_text(content + "\n")
        assert project.changed_stages() == stages, name
        (project.folder / name).write_text(content)
    assert project.changed_stages() == []


@pytest.mark.usefixtures("clean_environment")
def test_the_same_answers_give_the_same_bytes(project: Project, teacher: TeacherServer) -> None:
    for output in OUTPUTS:
        shutil.rmtree(project.folder / output)
    for stage in STAGES:
        project.run_stage(stage)
    assert project.changed_stages() == []
    assert teacher.calls == []


def test_a_run_goes_on_where_it_stopped_and_an_edit_taken_back_is_not_paid_for_again(
    project: Project, teacher: TeacherServer
) -> None:
    params = project.read("params.yaml")
    project.edit_params(prompts__letter__system="One of {labels}, please.")
    project.edit_params(analyze__gates={"min_accuracy": 1, "strict": True})
    teacher.script(refusal(422))

    failed = project.run("dvc", "repro")

    assert failed.returncode != 0
    assert f"1 of {QUESTIONS} requests failed" in failed.stderr
    assert stages_that_ran(failed) == ["prepare", "infer"]
    assert len(teacher.calls) == QUESTIONS

    unfit = project.run("dvc", "repro")

    assert unfit.returncode != 0
    assert "analyze.gates: not passed: min_accuracy in train" in unfit.stderr
    assert stages_that_ran(unfit) == ["infer", "analyze", "export"]
    assert '"min_accuracy": "fail"' in project.read("reports/tables/measures.json")
    assert not (project.folder / "data/export").exists()
    assert len(teacher.calls) == QUESTIONS + 1

    project.edit_params(analyze__gates__strict=False)
    assert project.repro() == ["analyze", "export"]

    (project.folder / "params.yaml").write_text(params)
    assert project.repro() == ["export"]  # whose outputs DVC keeps through a run, and so not in its run cache
    assert project.changed_stages() == []
    assert len(teacher.calls) == QUESTIONS + 1


@pytest.mark.slow
def test_params_metrics_and_plots_can_be_compared_between_commits_and_experiments(
    project: Project, teacher: TeacherServer
) -> None:
    project.commit("Run")
    done = project.run("dvc", "exp", "run", "--name", "strict", "--set-param", "prompt=chain_of_thought")
    assert done.returncode == 0, done.stderr
    assert len(teacher.calls) == QUESTIONS
    assert "chain_of_thought" in project.run("dvc", "exp", "show", "--md", "--only-changed").stdout
    project.edit_params(load__train=12)
    project.repro()
    assert "load.train" in project.run("dvc", "params", "diff", "--md").stdout

    for other in ("HEAD", "strict"):
        compared = project.run("dvc", "metrics", "diff", other, "--md").stdout
        assert "| tokens | 182 | 238 |" in " ".join(compared.split())
        done = project.run("dvc", "plots", "diff", other)
        assert done.returncode == 0, done.stderr
        page = project.read("dvc_plots/index.html")
        assert all(f'"rev": "{revision}"' in page for revision in (other, "workspace"))
        for title in ("Gold against the letter that was read", "Letters read, and gold", "Accuracy by question type"):
            assert title in page
