"""Long stories of sharing the whole project, through make and real storage; test_sharing.py has the short one."""

import json
import re
from pathlib import Path

import pytest

from tests.documents import merge_recipe, with_tests_python
from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.project import QUESTIONS, Project
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED, Store

pytestmark = [*UNCLOSED, pytest.mark.slow]

PUSHED = re.compile(r"^(\d+) files?, ([\d.]+) (bytes|kB|MB) pushed to", re.MULTILINE)
UNITS = {"bytes": 1, "kB": 1000, "MB": 1_000_000}


def read_push(said: str) -> tuple[int, float, float]:
    """The number of files and of bytes that `make push` printed, and how exact the latter is."""
    files, amount, unit = PUSHED.search(said).groups()
    return int(files), float(amount) * UNITS[unit], 0.051 * UNITS[unit] if unit != "bytes" else 0


def segments(project: Project) -> set[str]:
    return {file.name for file in (project.folder / "data/ledger").glob("*.jsonl.gz")}


@pytest.mark.parametrize("store", ["azure", "s3"], indirect=True)
def test_what_one_machine_buys_another_has_and_adds_to(project: Project, teacher: TeacherServer, store: Store) -> None:
    ada = first_engineer(project, store)
    ada.edit_params(prompts__letter__system=OTHER_WORDS)
    ada.repro()
    assert len(teacher.calls) == QUESTIONS
    said = share(ada, "Ask in other words")
    assert f"{2 * QUESTIONS} answers published as data/ledger/" in said  # the template's, and today's
    at_first = store.files()
    files, size, exactness = read_push(said)
    assert files == len(at_first)
    assert size == pytest.approx(sum(file.size for file in at_first.values()), abs=exactness)

    grace = another_engineer(ada, teacher)
    said = grace.make_goal("pull")
    assert f"{files} files, " in said
    assert f"answers new to the journal: {2 * QUESTIONS} (segments in data/ledger: 1)" in said
    assert said.endswith("nothing is only here\n")
    for name in ("reports/index.html", "data/export/question_answer/train.jsonl", "data/responses/train.jsonl"):
        assert grace.read(name) == ada.read(name)
    assert grace.repro() == []
    assert grace.run("git", "status", "--porcelain").stdout == ""
    assert len(teacher.calls) == QUESTIONS

    grace.edit_params(load__train=28)
    assert grace.repro("infer") == ["load", "prepare", "infer"]
    assert len(teacher.calls) == QUESTIONS + 20
    said = share(grace, "Ask 20 more")
    assert "20 answers published as data/ledger/" in said
    then = store.files()
    new = {name: then[name] for name in then.keys() - at_first.keys()}
    assert at_first.items() <= then.items()  # nothing that was there travelled again
    files, size, exactness = read_push(said)
    assert files == len(new)
    assert size == pytest.approx(sum(file.size for file in new.values()), abs=exactness)
    (segment,) = segments(grace) - segments(ada)
    assert len(segments(grace)) == 2
    sizes = [file.size for file in new.values()]
    assert size_of(grace, segment) in sizes
    assert not {size_of(grace, other) for other in segments(ada)} & set(sizes)
    assert len([name for name in new if name.endswith(ledger_listing(grace))]) == 1

    ada.git("pull", "-q")
    ada.make_goal("pull")
    assert ada.repro("infer") == []
    assert ada.repro("--force", "--single-item", "infer") == ["infer"]
    assert json.loads(ada.read("logs/infer.json"))["asked"] == 0
    assert ada.read("data/responses/train.jsonl") == grace.read("data/responses/train.jsonl")
    assert len(teacher.calls) == QUESTIONS + 20


def ledger_listing(project: Project) -> str:
    """The end of the name under which a store has the listing of the ledger."""
    md5 = re.search(r"md5: (\w+)\.dir", project.read("data/ledger.dvc"))[1]
    return f"{md5[2:]}.dir"


def size_of(project: Project, segment: str) -> int:
    return (project.folder / "data/ledger" / segment).stat().st_size


def test_variants_are_pushed_pulled_and_compared_on_another_machine(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada = first_engineer(project, Store(str(tmp_path / "store"), {}))
    share(ada, "Run")
    done = ada.run("dvc", "exp", "run", "--name", "thinking", "--set-param", "prompt=chain_of_thought")
    assert done.returncode == 0, done.stderr
    assert len(teacher.calls) == QUESTIONS
    ada.git("checkout", "-q", ".")
    ada.run("dvc", "checkout", "--quiet")
    assert "outputs of experiments not in the remote: " in ada.make_goal("push")
    said = ada.make_goal("push", "EXPS=1")
    assert "experiments pushed to git's remote origin: 1\n" in said
    assert "outputs of experiments" not in said
    share(ada, "Publish what the experiment bought")

    grace = another_engineer(ada, teacher)
    assert "experiments fetched from git's remote origin: 1: " in grace.make_goal("pull", "EXPS=1")
    assert "thinking" in grace.run("dvc", "exp", "list", "--all-commits", "--name-only").stdout
    shown = grace.run("dvc", "exp", "show", "--all-commits", "--md", "--only-changed").stdout
    assert "thinking" in shown
    assert "chain_of_thought" in shown
    assert grace.run("dvc", "metrics", "diff", "HEAD", "thinking", "--all", "--md").stdout.count("|") > 10
    applied = grace.run("dvc", "exp", "apply", "thinking")
    assert applied.returncode == 0, applied.stderr
    assert grace.repro() == []
    assert grace.repro("--force", "--single-item", "infer") == ["infer"]
    assert len(teacher.calls) == QUESTIONS


def test_two_branches_that_both_bought_are_merged_with_nothing_lost(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada = first_engineer(project, Store(str(tmp_path / "store"), {}))
    share(ada, "Run")
    grace = another_engineer(ada, teacher)
    grace.make_goal("pull")
    ada.edit_params(load__train=12)
    ada.repro("infer")
    share(ada, "Take 4 more")
    grace.edit_params(prompts__letter__system=OTHER_WORDS)
    grace.repro("infer")
    grace.make_goal("push")
    grace.commit("Ask in other words")
    bought = len(teacher.calls)
    assert bought == 4 + QUESTIONS

    grace.git("fetch", "-q")
    merged = grace.run("git", "merge", "origin/HEAD")
    assert merged.returncode != 0
    conflicts = grace.run("git", "diff", "--name-only", "--diff-filter=U").stdout.split()
    assert set(conflicts) <= {"dvc.lock", "reports/metrics.json"}
    for command in merge_recipe():
        done = grace.run("bash", "-c", with_tests_python(command))
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    grace.git("push", "-q")

    # 4 of the questions are new in Grace's words, and only those are asked: what both bought is found.
    assert len(teacher.calls) == bought + 4
    assert len(segments(grace)) == 4
    for engineer, other_side in ((ada, "@{upstream}^1"), (grace, "@{upstream}^2")):
        engineer.git("fetch", "-q")
        engineer.git("checkout", "-q", "--detach", other_side)
        engineer.make_goal("pull")
        assert engineer.repro("--force", "--single-item", "infer") == ["infer"]
    assert len(teacher.calls) == bought + 4
