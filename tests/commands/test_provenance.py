"""Where an export came from: in words, and as a document that the W3C's own model reads back."""

import re
from pathlib import Path

import pytest
from prov.model import ProvDocument, ProvRecord
from ruamel.yaml import YAML

from potstill.commands import provenance, push
from tests.pipelines import QUESTIONS, Pipeline
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


@pytest.fixture
def shared(ada: Pipeline) -> Pipeline:
    """A pipeline whose run is shared and tagged v1, and whose params were edited since."""
    ada.output(push.main)
    ada.commit("Share")
    ada.git("tag", "v1")
    ada.git("push", "-q", "--tags")
    ada.edit_params(prompts__letter__system="One of {labels}, please.", load__train=12)
    ada.commit("Other words")
    return ada


def find_origins(document: ProvDocument, start: str) -> set[str]:
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


def test_the_export_is_traced_back_in_words_and_forward_to_who_changed_what(shared: Pipeline) -> None:
    text = shared.output(provenance.main, "--revision", "v1")
    assert re.search(r"^data/export/train\.jsonl  md5 \w{32}$", text, re.MULTILINE)
    (segment,) = (file.name for file in shared.ledger.iterdir())
    for line in (
        r"commit    \w{10} \(Share; t@localhost, 20..-..-..\)",
        r"made by   \w{10} \(Run; t@localhost, 20..-..-..\)",
        rf"data set  bundled: path data/source/bundled, revision r1; questions taken: {QUESTIONS} of train",
        r"prompt    letter: system You answer multiple-choice questions\..*, user Question: .*",
        r"teacher   loopback: provider azure, model loopback; served as stand-in-2024",
        rf"answers   {QUESTIONS}; in the ledger's segments: {re.escape(segment)} \({QUESTIONS}\); in none: 0",
        r"since     20..-..-.. t@localhost, \w{10} \(Other words\): load\.train 64 → 12; "
        r"prompts\.letter\.system .* → One .*",
        r"as PROV-JSON: logs/provenance\.json",
    ):
        assert re.search(f"^{line}$", text, re.MULTILINE), line


def test_the_document_leads_from_an_exported_file_to_all_that_it_came_from(shared: Pipeline) -> None:
    shared.output(provenance.main, "--revision", "v1")
    document = ProvDocument.deserialize(shared.folder / "logs/provenance.json", format="json")
    elements = [str(record.identifier) for record in document.get_records() if record.is_element()]
    (exported,) = [name for name in elements if "data/export/train.jsonl@" in name]
    found = find_origins(document, exported)
    kinds = ("commit", "person/t@localhost", "stage/infer", "stage/load", "teacher/loopback", "prompt/letter")
    for kind in (*kinds, "dataset/bundled", "segment"):
        assert any(name.startswith(f"potstill:{kind}") for name in found), kind
    (prompt,) = document.get_record("potstill:prompt/letter")
    assert "You answer multiple-choice questions" in str(prompt.get_attribute("potstill:system"))
    assert "not-a-secret" not in shared.read("logs/provenance.json")


def test_where_params_say_otherwise_what_was_run_is_shown(ada: Pipeline) -> None:
    ada.edit_params(prompt="chain_of_thought")
    ada.commit("Choose another prompt, without a run")
    text = ada.output(provenance.main)
    assert re.search(r"^prompt    letter: ", text, re.MULTILINE)
    assert "\nnot run   this commit differs from what was run: prompt letter → chain_of_thought\n" in text
    assert f"answers   {QUESTIONS}; in the ledger's segments: none; in none: {QUESTIONS}" in text


def test_an_export_of_other_answers_than_its_commit_names_is_shown_as_such(ada: Pipeline) -> None:
    lock = ada.folder / "dvc.lock"
    yaml = YAML()
    content = yaml.load(lock)
    (answers,) = [dep for dep in content["stages"]["export"]["deps"] if dep["path"] == "data/answers"]
    answers["md5"] = "0" * 32 + ".dir"  # as after a run that stopped at a strict gate
    yaml.dump(content, lock)
    ada.commit("Keep what a run left that failed")
    expected = (
        "not run   this commit differs from what was run: export ran with another data/answers than this commit names"
    )
    assert ada.output(provenance.main).splitlines().count(expected) == 1


def test_later_commits_may_be_broken_or_merges(shared: Pipeline) -> None:
    shared.git("checkout", "-qb", "side", "v1")
    shared.edit_params(load__train=20)
    shared.commit("On the side", pushed=False)
    shared.git("checkout", "-q", "main")
    shared.git("merge", "-q", "--no-commit", "-s", "ours", "side")
    shared.edit_params(load__train=30)
    shared.commit("Merge with a value of its own", pushed=False)
    (shared.folder / "params.yaml").write_text("<<<<<<< broken\n")
    shared.commit("Broken", pushed=False)
    text = shared.output(provenance.main, "--revision", "v1")
    assert re.search(r"^since .*\(On the side\): load\.train 64 → 20$", text, re.MULTILINE)
    assert re.search(r"^since .*\(Merge with a value of its own\): load\.train 12 → 30$", text, re.MULTILINE)
    assert re.search(r"^since .*\(Broken\): ", text, re.MULTILINE)


def test_another_machine_fetches_what_it_needs_and_names_what_nobody_has(shared: Pipeline, tmp_path: Path) -> None:
    text = shared.clone(tmp_path / "second").output(provenance.main, "--revision", "v1")
    assert f"answers   {QUESTIONS}; in the ledger's segments: " in text
    for file in (tmp_path / "store").rglob("*"):
        if file.is_file():
            file.unlink()
    assert (
        shared.clone(tmp_path / "third")
        .refuse(provenance.main, "--revision", "v1")
        .startswith(
            "data/export; data/ledger; data/raw; data/responses: neither here nor in the remote; whoever has it runs "
        )
    )


def test_a_commit_without_a_run_is_refused(ada: Pipeline) -> None:
    ada.git("rm", "-q", "dvc.lock")
    ada.commit("Nothing made")
    assert ada.refuse(provenance.main).startswith("dvc.lock: expected it in commit ")
