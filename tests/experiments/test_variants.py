"""`python -m potstill variants` in a small project: real git and DVC, and a teacher that counts its calls."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from dvc.repo import Repo

from potstill.commands.variants import main
from potstill.core.errors import InputError
from potstill.core.records import Usage
from potstill.experiments.costs import Amount, VariantCost, describe_costs, describe_shares, share_budget
from potstill.experiments.lines import read_state
from tests.clones import ROOT, Clone
from tests.pipelines import QUESTIONS, Pipeline
from tests.servers.teacher import Answer, TeacherServer, completion

MODULE = [sys.executable, "-m", "potstill", "variants"]
DEAR = {"input": 0, "output": 10_000}  # an answer of 100 tokens: 1 dollar, of 3 as the server counts: 0.03


@pytest.fixture
def lab(ada: Pipeline) -> Pipeline:
    """The small project with the real stage `prepare`, metrics as the real ones are, and two more teachers."""
    text = ada.read("dvc.yaml").replace(
        "cp -r seed/requests data/requests", "python -m stages.prepare --raw data/raw --requests data/requests"
    )
    text = re.sub(r"cmd: mkdir -p reports .* && ", "cmd: true --reports reports && cp -r seed/reports . && ", text)
    (ada.folder / "dvc.yaml").write_text(text.replace(", seed/requests]", "]"))
    (ada.folder / "seed/reports").mkdir()
    (ada.folder / "seed/reports/metrics.json").write_text(json.dumps({"train": {"accuracy": 0.5}, "tokens": 42}))
    for name, model in (("one", "other"), ("two", "other"), ("three", "third")):
        entry = {"provider": "azure", "model": model, "max_tokens": 100}
        ada.edit_params(**{f"teachers__{name}": entry, f"price_per_million__{name}": DEAR})
    return ada


def experiments(project: Clone) -> dict[str, str]:
    """The commit of each experiment by its name."""
    refs = project.git("for-each-ref", "--format=%(refname:lstrip=4) %(objectname)", "refs/exps/??/*/*").splitlines()
    return dict(ref.split() for ref in refs)


def cost(name: str, missing: int, fresh: int, most: float | None, likely: float | None = None) -> VariantCost:
    usage = Usage(prompt_tokens=100, completion_tokens=10)
    return VariantCost(
        name, 10, 10, missing, fresh, Amount(usage, most), None if likely is None else Amount(usage, likely)
    )


def test_what_variants_share_counts_once_and_the_budget_is_divided_by_their_estimates() -> None:
    costs = [cost("a", 10, 10, 3.0), cost("b", 10, 5, 1.0), cost("free", 0, 0, 0.0)]
    assert list(describe_costs(costs))[1:] == [
        "b         10 requests, 0 found, 10 to ask: at most 100 + 10 tokens (1.00 USD)",
        "free      10 requests, 10 found, 0 to ask: at most 100 + 10 tokens (0 USD)",
        "together  30 requests, 10 found, 15 to ask: at most 150 + 15 tokens (3.50 USD); 5 shared ones asked once",
    ]
    assert share_budget(costs, 8) == {"a": 6, "b": 2, "free": 0}
    assert list(describe_shares(share_budget(costs, 8))) == [
        "runtime.budget_usd is divided among them: a 6.00, b 2.00, free 0 US dollars"
    ]
    assert share_budget(costs, None) == {"a": None, "b": None, "free": None}
    with pytest.raises(InputError, match=r"runtime.budget_usd: expected 4.00 US dollars or more, .* got 3.9;"):
        share_budget(costs, 3.9)
    assert next(describe_costs([cost("a", 1, 1, None)])).endswith("(US dollars unknown)")


def test_where_answers_tell_what_is_likely_that_is_said_and_the_budget_is_divided_by_it() -> None:
    told, untold = cost("told", 10, 10, 3.0, 0.03), cost("untold", 10, 5, 1.0)
    lines = list(describe_costs([told, untold]))
    assert lines[0].endswith("likely 100 + 10 tokens (0.030 USD), at most 100 + 10 tokens (3.00 USD)")
    assert "likely" not in lines[-1]
    assert "likely 200 + 20 tokens (0.060 USD), at most" in list(describe_costs([told, told]))[-1]
    assert share_budget([told, untold], 2.06) == pytest.approx({"told": 0.06, "untold": 2})


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("Running stage 'infer':", "stage infer"),
        ("smollm2: 40 of 1,221 rows, 3.1 rows/s, 9 s left", "40 of 1,221 rows, 3.1 rows/s, 9 s left"),
        ("96 requests, 90 distinct: 90 asked, 0 found", "96 requests, 90 distinct: 90 asked, 0 found"),
        ("Stage 'load' didn't change, skipping", None),
        ("train: 48 of 64 rows exported; left out: 16 ambiguous", None),
        ("Generating train split: 0 examples", None),
    ],
)
def test_only_stages_and_rows_are_shown_of_what_a_run_says(line: str, state: str | None) -> None:
    assert read_state(line) == state


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "PROMPTS: expected names of prompts with commas between, got none; params.yaml has letter, chain_of"),
        (
            ("--prompts", "leter"),
            "PROMPTS: params.yaml, prompts: expected one of letter, chain_of_thought, got 'leter'; did you mean",
        ),
        (
            ("--prompts", "letter", "--teachers", "two,nobody"),
            "TEACHERS: params.yaml, teachers: expected one of smollm2,",
        ),
        (("--prompts", "letter,letter"), "PROMPTS: expected each prompt once, got 'letter' twice"),
        (("--prompts", "letter", "--jobs", "0"), "JOBS: expected how many variants to run at once, 1 or more, got '0'"),
        (("--prompts", "letter", "--teachers", "one,loopback"), "price_per_million.loopback: expected input"),
        (("--prompts", "letter,chain_of_thought", "--teachers", "one,three"), "expected 12.0"),
    ],
    ids=["no prompt", "prompt", "teacher", "twice", "jobs", "no price", "above the budget"],
)
def test_what_cannot_run_is_one_sentence_before_the_first_call(
    lab: Pipeline, teacher: TeacherServer, options: tuple[str, ...], sentence: str
) -> None:
    lab.edit_params(runtime__budget_usd=11.9)
    assert sentence in lab.refuse(main, *options)
    assert teacher.calls == []
    assert experiments(lab) == {}


@pytest.mark.slow
def test_variants_side_by_side_buy_what_they_share_once_and_one_that_fails_stops_none(
    lab: Pipeline, teacher: TeacherServer
) -> None:
    lab.edit_params(runtime__budget_usd=9, teachers__three__credentials="NOBODY")
    with (lab.folder / ".dvc/config.local").open("a") as settings:  # a path that DVC keeps as a kind of its own
        settings.write("['remote \"home\"']\n    url = ~/nowhere\n")
    lab.git("init", "-q", "nested")
    lab.git("-C", "nested", "commit", "-q", "--allow-empty", "-m", "A repository of its own")
    teacher.default = Answer(completion(), delay_s=0.5)
    head = lab.git("rev-parse", "HEAD").strip()
    for name in ("letter-two", "letter-three"):
        lab.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", head)

    done = lab.attempt(*MODULE, "--prompts", "letter", "--teachers", "one,two,three", "--jobs", "3")

    assert done.returncode == 1, done.stderr
    *lines, together, divided, first, second, advice = done.stdout.splitlines()
    assert [" ".join(line.split()[:7]) for line in lines] == [
        f"letter-{name} 3 requests, 0 found, 3 to" for name in ("one", "two", "three")
    ]
    assert re.match("together      9 requests, 0 found, 6 to ask: .*6.00 USD.; 3 shared ones asked once", together)
    assert divided.endswith("letter-one 3.00, letter-two 3.00, letter-three 3.00 US dollars")
    assert [first, second] == [f"letter-{name}: accuracy 50.0 % of train" for name in ("one", "two")]
    assert advice == "compare them: `make compare`"
    assert {"letter-one: stage infer", "letter-two: done", "letter-three: failed"} <= set(done.stderr.splitlines())
    assert "Error: 1 of 3 variants failed: letter-three: .env: expected NOBODY_ENDPOINT" in done.stderr
    assert len(teacher.calls) == len(set(teacher.questions())) == QUESTIONS
    made = experiments(lab)
    assert made["letter-three"] == head != made["letter-two"]
    # edits that no commit has went along, and are still here
    assert "teacher: two" in lab.git("show", f"{made['letter-two']}:params.yaml")
    assert "credentials: NOBODY" in lab.read("params.yaml")
    assert list((lab.folder / ".dvc/tmp/exps").iterdir()) == []

    # a published ledger is there in a variant's copy, and its answers are found with an empty journal
    lab.publish()
    lab.commit("Publish", pushed=False)
    lab.journal.unlink()
    # stages that ran are not run again, and what another process is writing of its runs is left alone
    half_written = [Path(folder, ".1.tmp") for folder in (lab.folder / ".dvc/cache/runs").glob("*/*")]
    for file in half_written:
        file.write_text("{")
    again = lab.attempt(*MODULE, "--prompts", "letter", "--teachers", "two")
    assert again.returncode == 0, again.stderr
    assert "letter-two: stage" not in again.stderr
    assert half_written
    assert all(file.exists() for file in half_written)
    assert "3 requests, 3 found, 0 to ask" in again.stdout
    assert len(teacher.calls) == QUESTIONS


@pytest.mark.slow
def test_ctrl_c_stops_all_variants_and_keeps_what_came(lab: Pipeline, teacher: TeacherServer) -> None:
    lab.edit_params(runtime__concurrency=1)
    teacher.default = Answer(completion(), delay_s=4)
    command = [*MODULE, "--prompts", "letter", "--teachers", "one,three", "--jobs", "2"]
    with subprocess.Popen(command, cwd=lab.folder, env=lab.environment, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and len({call.body["model"] for call in teacher.calls}) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("stopped; every answer that came is kept, and the same command asks only the rest\n")
    assert "Traceback" not in errors
    assert not [one for one in psutil.process_iter() if str(lab.folder) in (cwd_of(one) or "")]
    assert experiments(lab) == {}
    assert list((lab.folder / ".dvc/tmp/exps").iterdir()) == []
    asked = len(teacher.calls)
    done = lab.attempt(*command)
    assert done.returncode == 0, done.stderr
    assert asked < len(teacher.calls) == 2 * QUESTIONS


def cwd_of(process: psutil.Process) -> str | None:
    try:
        return process.cwd()
    except psutil.Error:
        return None


def test_without_a_commit_there_is_no_experiment(tmp_path: Path) -> None:
    clone = Clone(tmp_path, tmp_path / "journal.sqlite")
    clone.git("init", "-q")
    shutil.copy(ROOT / "tests/params.yaml", tmp_path)
    with clone.active():
        Repo.init().close()
    assert "git: expected a commit for the experiments to begin with, found none" in clone.refuse(
        main, "--prompts", "letter"
    )
