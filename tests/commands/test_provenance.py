"""Where an export came from: in words, and as a document that the W3C's own model reads back."""

import re
from pathlib import Path

import pytest
from prov.model import ProvDocument, ProvRecord

from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.project import QUESTIONS, Project
from tests.stores import folder_store


@pytest.fixture
def ada(project: Project, tmp_path: Path) -> Project:
    """An engineer who shared a run, tagged v1, and went on."""
    ada = first_engineer(project, folder_store(tmp_path))
    share(ada, "Run")
    ada.git("tag", "v1")
    ada.edit_params(prompts__letter__system=OTHER_WORDS, load__train=12)
    ada.commit("Other words")
    return ada


def reached(document: ProvDocument, start: str) -> set[str]:
    """Every record that the relations lead to from one, in the direction of its origin."""
    origins: dict[str, set[str]] = {}
    for record in document.get_records(ProvRecord):
        if record.is_relation():
            arguments = [str(value) for _, value in record.formal_attributes if value is not None][:2]
            first, second = reversed(arguments) if "Membership" in str(record.get_type()) else arguments
            origins.setdefault(first, set()).add(second)
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += origins.get(name, set())
    return found


def test_the_export_is_traced_back_in_words_and_forward_to_who_changed_what(ada: Project) -> None:
    said = ada.make_goal("provenance", "REV=v1")
    assert re.search(r"^data/export/question_answer/train\.jsonl  md5 \w{32}$", said, re.MULTILINE)
    (segment,) = (file.name for file in (ada.folder / "data/ledger").glob("*.jsonl.gz"))
    for line in (
        r"commit    \w{10} \(Run; Ada, 20..-..-..\)",
        r"data set  bundled: path data/source/bundled; questions taken: 8 of train, 5 of validation, 0 of test",
        r"prompt    letter: system You answer multiple-choice questions\..*, user Question: .*",
        r"teacher   loopback: provider azure, model loopback; served as stand-in-2024",
        rf"answers   {QUESTIONS}; in the ledger's segments: {re.escape(segment)} \({QUESTIONS}\); in none: 0",
        r"since     20..-..-.. Ada, \w{10} \(Other words\): load\.train 8 → 12; prompts\.letter\.system .* → One .*",
        r"as PROV-JSON: logs/provenance\.json",
    ):
        assert re.search(f"^{line}$", said, re.MULTILINE), line


def test_the_document_leads_from_an_exported_file_to_all_that_it_came_from(ada: Project) -> None:
    ada.make_goal("provenance", "REV=v1")
    document = ProvDocument.deserialize(ada.folder / "logs/provenance.json", format="json")
    files = [str(record.identifier) for record in document.get_records() if record.is_element()]
    (exported,) = [name for name in files if "data/export/question_answer/train.jsonl@" in name]
    found = reached(document, exported)
    for kind in (
        "commit",
        "person/Ada",
        "stage/infer",
        "stage/load",
        "teacher/loopback",
        "prompt/letter",
        "dataset/bundled",
        "segment",
    ):
        assert any(name.startswith(f"potstill:{kind}") for name in found), kind
    (prompt,) = document.get_record("potstill:prompt/letter")
    assert "You answer multiple-choice questions" in str(prompt.get_attribute("potstill:system"))
    assert "not-a-secret" not in ada.read("logs/provenance.json")


def test_the_commit_that_made_the_export_is_named_beside_a_later_one(ada: Project) -> None:
    said = ada.make_goal("provenance", "REV=HEAD")
    assert re.search(r"^commit    \w{10} \(Other words; Ada, .*\nmade by   \w{10} \(Run; Ada, ", said, re.MULTILINE)


def test_what_was_run_is_told_where_params_say_otherwise(project: Project) -> None:
    project.edit_params(prompt="chain_of_thought")
    project.commit("Choose another prompt, without a run")
    said = project.make_goal("provenance")
    assert re.search(r"^prompt    letter: ", said, re.MULTILINE)
    assert (
        "\nnot run   params.yaml of this commit differs from what was run: prompt letter → chain_of_thought\n" in said
    )


def test_later_commits_may_be_broken_or_merges(ada: Project) -> None:
    ada.git("checkout", "-qb", "side", "v1")
    ada.edit_params(load__train=20)
    ada.commit("On the side")
    ada.git("checkout", "-q", "-")
    ada.git("-c", "user.name=Ada", "-c", "user.email=a@localhost", "merge", "-q", "--no-commit", "-s", "ours", "side")
    ada.edit_params(load__train=30)
    ada.commit("Merge with a value of its own")
    (ada.folder / "params.yaml").write_text("<<<<<<< broken\n")
    ada.commit("Broken")
    said = ada.make_goal("provenance", "REV=v1")
    assert re.search(r"^since .*\(On the side\): load\.train 8 → 20$", said, re.MULTILINE)
    assert re.search(r"^since .*\(Merge with a value of its own\): load\.train 12 → 30$", said, re.MULTILINE)
    assert re.search(r"^since .*\(Broken\): ", said, re.MULTILINE)


def test_another_machine_fetches_what_it_needs(ada: Project) -> None:
    ada.git("push", "-q", "--tags")
    grace = another_engineer(ada)
    assert f"answers   {QUESTIONS}; in the ledger's segments: " in grace.make_goal("provenance", "REV=v1")


def test_answers_that_no_segment_of_the_commit_holds_are_counted(project: Project) -> None:
    project.commit("Run")
    assert f"answers   {QUESTIONS}; in the ledger's segments: none; in none: {QUESTIONS}" in project.make_goal(
        "provenance"
    )


def test_outputs_that_nobody_has_are_told(ada: Project, tmp_path: Path) -> None:
    ada.git("push", "-q", "--tags")
    grace = another_engineer(ada)
    for file in (tmp_path / "store").rglob("*"):
        if file.is_file():
            file.unlink()
    done = grace.goal("provenance", "REV=v1")
    assert done.returncode != 0
    assert done.stderr.startswith(
        "Error: data/export; data/ledger; data/raw and 1 others: neither here nor in the remote; whoever has it runs "
    )


def test_a_commit_without_an_export_is_told(project: Project) -> None:
    (project.folder / "dvc.lock").unlink()
    project.commit("Nothing made")
    done = project.goal("provenance")
    assert done.stderr.startswith("Error: dvc.lock: expected it in commit ")
