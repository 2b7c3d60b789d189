"""Going back to the last committed run, as after a gate has failed."""

from pathlib import Path

from potstill.commands import restore
from tests.pipelines import Pipeline


def test_after_a_failed_stage_everything_is_as_it_was_committed_and_the_edit_is_in_the_stash(ada: Pipeline) -> None:
    ada.share("bought")
    params, answers = ada.read("params.yaml"), ada.read("data/answers/train.jsonl")
    ada.buy("since")
    ada.publish()
    ada.edit_params(prompts__letter__system="One of {labels}, please.")
    edited = ada.read("params.yaml")
    ada.prepare()
    ada.repro("infer")
    (ada.folder / "data/answers/train.jsonl").unlink()  # as analyze leaves it, which DVC has not taken into its cache
    (ada.folder / "data/answers/train.jsonl").write_text("of the failed run")
    (ada.folder / "reports/metrics.json").write_text("of the failed run")

    files, outputs = ada.output(restore.main).splitlines()

    names = "dvc.lock, params.yaml, reports/metrics.json"
    assert files == f"back at the last commit: {names}; `git stash pop` brings your changes again"
    assert outputs == "as dvc.lock names them: data/raw, data/requests, data/responses, data/answers, data/export"
    assert (ada.read("params.yaml"), ada.read("data/answers/train.jsonl")) == (params, answers)
    ada.git("checkout", "-q", "seed")
    assert ada.status() == {}
    assert {"bought", "since"} <= ada.answers()
    ada.git("stash", "pop", "-q")
    assert ada.read("params.yaml") == edited


def test_a_broken_params_file_is_restored(ada: Pipeline) -> None:
    (ada.folder / "params.yaml").write_text("<<<<<<< broken\n")
    assert ada.output(restore.main).startswith("back at the last commit: params.yaml; ")
    assert ada.status() == {}


def test_what_the_cache_has_not_is_named(ada: Pipeline) -> None:
    for file in ada.objects():
        if file.read_bytes() == (ada.folder / "data/raw/source.json").read_bytes():
            file.unlink()
    for file in (ada.folder / "data/raw").iterdir():
        file.unlink()
    assert ada.output(restore.main).endswith("not here: data/raw; `make pull` fetches it\n")


def test_without_a_committed_run_there_is_nothing_to_go_back_to(ada: Pipeline) -> None:
    ada.git("rm", "-q", "--cached", "dvc.lock")
    ada.git("commit", "-qm", "No run")
    assert ada.refuse(restore.main).startswith("dvc.lock: expected it in the last commit, found none")
    assert Path(ada.folder, "dvc.lock").exists()
