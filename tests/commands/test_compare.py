"""What `make compare` prints and writes, from real git and DVC repositories."""

import re
import shutil
from pathlib import Path

import pytest

from potstill.commands import compare, pull, push
from tests.clones import Clone, set_remote
from tests.stores import UNCLOSED
from tests.variants import Variants, answer_all

pytestmark = UNCLOSED

GOOD, BAD = ["A"] * 40, ["A"] * 20 + ["B"] * 20
PRICED = {"price_per_million__smollm2": {"input": 1, "output": 10}}


def read(clone: Clone, name: str) -> str:
    return (clone.folder / "reports/compare" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def template(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed run whose 40 answers are right, and an experiment with another prompt in which half are."""
    folder = tmp_path_factory.mktemp("variants")
    variants = Variants(copy_clone(small_template, folder))
    set_remote(variants.clone, "../../remote")
    (folder / "remote").mkdir()
    variants.begin()
    variants.run(answer_all(GOOD), **PRICED)
    variants.clone.commit("Run")
    variants.experiment("thinking", answer_all(BAD), prompt="chain_of_thought")
    return folder


@pytest.fixture
def variants(template: Path, tmp_path: Path) -> Variants:
    """A copy of it."""
    return Variants(copy_clone(template, tmp_path))


def copy_clone(source: Path, folder: Path) -> Clone:
    shutil.copytree(source, folder, dirs_exist_ok=True, symlinks=True)
    clone = Clone(folder / "first", folder / "first.sqlite")
    clone.git("remote", "set-url", "origin", str(folder / "upstream.git"))
    return clone


def test_a_variant_that_is_worse_and_no_cheaper_is_not_to_be_used(variants: Variants) -> None:
    said = variants.clone.output(compare.main)
    verdict = (
        "thinking is 50.0 points worse than workspace (95 % -64.8 to -32.8, p < 0.001) at about the same cost: "
        "use workspace."
    )
    assert said.splitlines()[-2] == verdict
    assert "thinking differs from workspace: prompt letter \N{RIGHTWARDS ARROW} chain_of_thought; the prompt" in said
    assert re.search(r"^Accuracy +100 % +50.0 %$", said, re.MULTILINE)
    assert re.search(r"^US dollars per 1,000 questions +0.20 +0.20$", said, re.MULTILINE)
    text = read(variants.clone, "compare.md")
    assert "+system: You answer multiple-choice questions. Think step by step" in text
    assert "| workspace right | 20 | 20 |\n| wrong | 0 | 0 |" in text
    assert "5 of 20 questions that they answer otherwise" in text
    page = read(variants.clone, "index.html")
    assert page.count('<details class="row">') == 20
    assert "paired (Newcombe 1998, method 10)" in page
    assert 'alt="Accuracy against US dollars per 1,000 questions. workspace: 100\N{NO-BREAK SPACE}%' in page


def test_another_machine_writes_the_same_bytes_after_a_pull(variants: Variants, tmp_path: Path) -> None:
    first = variants.clone
    names = ("--revisions", "main thinking")
    first.output(compare.main, *names)
    first.output(push.main, "--experiments")
    other = first.clone(tmp_path / "other")
    with other.active():
        assert "thinking" not in other.git("for-each-ref")
    other.output(pull.main, "--experiments")
    other.output(compare.main, *names)
    for name in ("compare.md", "index.html"):
        assert read(other, name) == read(first, name)


def test_what_is_not_here_is_fetched_and_what_nobody_shared_is_said(variants: Variants, tmp_path: Path) -> None:
    first = variants.clone
    first.git("push", "-q", "origin", "refs/exps/*:refs/exps/*")
    other = first.clone(tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/exps/*:refs/exps/*")
    sentence = other.refuse(compare.main)
    assert sentence.startswith("workspace: data/answers; data/requests; data/responses: not in the workspace; ")
    assert (
        "neither here nor in the remote; whoever has it runs `make push EXPS=1`, and `make pull EXPS=1` brings it"
        in sentence
    )
    first.output(push.main, "--experiments")
    said = other.output(compare.main)
    assert "workspace is left out" in said
    assert "There is one variant, thinking, and nothing to compare it with: `make variants PROMPTS=" in said


def test_a_dirty_workspace_is_compared_with_its_commit_and_said(variants: Variants) -> None:
    variants.run(answer_all(["B"] * 40), prompt="chain_of_thought")
    (variants.clone.folder / "data/answers/validation.jsonl").chmod(0o644)
    said = variants.clone.output(compare.main)
    assert "note: workspace: params.yaml and dvc.lock not committed" in said
    assert "HEAD differs from workspace" in said
    variants.clone.git("checkout", "-q", "params.yaml")
    said = variants.clone.output(compare.main)
    assert "note: workspace: not run with what it names: prompt chain_of_thought \N{RIGHTWARDS ARROW} letter" in said


def test_experiments_of_an_earlier_commit_are_named(variants: Variants) -> None:
    variants.clone.git("commit", "-q", "--allow-empty", "-m", "Later")
    said = variants.clone.output(compare.main)
    assert "There is one variant, workspace" in said
    assert "experiments of other commits: thinking: name them" in said
    assert "use workspace." in variants.clone.output(compare.main, "--revisions", "workspace thinking")


def test_an_experiment_that_is_in_the_workspace_is_one_with_it(variants: Variants) -> None:
    variants.run(answer_all(BAD), prompt="chain_of_thought")
    said = variants.clone.output(compare.main)
    assert said.splitlines()[1].startswith("thinking (= workspace): ")
    assert "50.0 points worse than HEAD" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--revisions", "nobody"], "REVS: expected workspace, an experiment, commit, tag or branch, got nobody; "
         "experiments here: thinking (`make pull EXPS=1` brings those of others)"),
        (["--split", "dev"], "SPLIT: expected one of train, validation, test, got dev"),
        (["--split", "train"], "workspace: expected answers of the split train, found validation; "
         "thinking: expected answers of the split train, found validation"),
        (["--revisions", "main~1"], "main~1: dvc.lock: expected it in commit "),
    ],
    ids=["unknown", "no split", "not asked", "before there was a run"],
)  # fmt: skip
def test_what_cannot_be_compared_is_one_plain_sentence(options: list[str], sentence: str, variants: Variants) -> None:
    assert variants.clone.refuse(compare.main, *options).startswith(sentence)
