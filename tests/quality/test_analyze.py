import contextlib
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices, original_letter
from potstill.core.records import Answer, Question, Request, Status, read_rows
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES
from stages.analyze import main
from tests.judged import make_request, make_response
from tests.project import arguments, command

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert('x')</script> \"a\", b;\r c \N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF} \x1b[0m \x85 \x07"
TABLES = ["by_concept.csv", "by_length.csv", "by_letter.csv", "by_type.csv"]
TABLES += ["letters.csv", "outcomes.csv", "readings.csv", "tests.csv"]
FIGURES = ["accuracy_by_slice", "actual_against_expected", "answer_by_length", "answer_by_type"]
FIGURES += ["answers_per_letter", "confusion"]


SOURCE: dict[str, Any] = {"dataset": "riddles", "path": "me/riddles", "name": None, "revision": "abc123", "skipped": []}
TEACHER = {"provider": "local", "model": "tiny-model", "price_per_million": {"input": 2.0, "output": 5.0}}

Exchange = tuple[Request, str | None, Status]


@contextlib.contextmanager
def project(folder: Path, gates: dict[str, Any] | None = None, **splits: list[Exchange]) -> Iterator[Path]:
    """Lay out what the stages before leave, and stand in it."""
    params = YAML(typ="safe").load((ROOT / "tests/params.yaml").read_text(encoding="utf-8"))
    params["teacher"], params["teachers"]["tiny"] = "tiny", TEACHER
    params["analyze"] = {"explorer_rows": 20, "gates": gates or {}}
    write(folder / "params.yaml", json.dumps(params))
    write(folder / "data/raw/source.json", json.dumps(SOURCE))
    for split, exchanges in splits.items():
        responses = [make_response(request, content, status) for request, content, status in exchanges]
        questions = {request.question_id: question_of(request) for request, _, _ in exchanges}
        write(folder / f"data/raw/{split}.jsonl", *[question.model_dump_json() for question in questions.values()])
        write(folder / f"data/requests/{split}.jsonl", *[request.model_dump_json() for request, _, _ in exchanges])
        write(folder / f"data/responses/{split}.jsonl", *[response.model_dump_json() for response in responses])
    with contextlib.chdir(folder):
        yield folder


def question_of(request: Request) -> Question:
    """The question that a request asks, as `load` wrote it."""
    gold = request.answer and original_letter(request.answer, request.rotation, len(request.choices))
    return Question(
        id=request.question_id, question=request.question, choices=request.choices, answer=gold, concept="cats"
    )


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def names_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def analyze() -> Result:
    finished = CliRunner().invoke(main, arguments("analyze"), catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    return finished


def read_csv(name: str) -> list[dict[str, str]]:
    with Path(f"reports/tables/{name}").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_metrics() -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = Path("reports/metrics.json").read_text(encoding="utf-8")
    metrics: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return metrics


USUAL: list[Exchange] = [
    (make_request(0, "A"), "C", "answered"),
    (make_request(1, "C"), "C. pear", "answered"),
    (make_request(2, None, question="Who might eat the pear?"), "B", "answered"),
    (make_request(3, "B"), None, "failed"),
    (make_request(4, "D"), "Let me think. C", "truncated"),
]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        pytest.param("data/requests/validation.jsonl", None, "data/requests: expected files", id="no requests"),
        pytest.param("data/responses/validation.jsonl", None, "validation.jsonl: expected a file", id="no responses"),
        pytest.param("data/responses/validation.jsonl", "[]", "line 1: expected a JSON object", id="no row"),
        pytest.param("data/raw/validation.jsonl", None, "validation.jsonl: expected a file", id="no questions"),
        pytest.param("data/raw/validation.jsonl", "", "line 1: expected a JSON object", id="empty question"),
        pytest.param("data/raw/source.json", None, "source.json: expected a file", id="no source"),
        pytest.param("data/raw/source.json", "{", "source.json: expected JSON", id="broken source"),
        pytest.param("data/raw/source.json", "[]", "source.json: expected a JSON object", id="list for a source"),
    ],
)
def test_missing_and_broken_files_are_one_plain_sentence(
    tmp_path: Path, path: str, content: str | None, message: str
) -> None:
    with project(tmp_path, validation=USUAL):
        Path(path).unlink()
        if content is not None:
            write(Path(path), content)
        finished = CliRunner().invoke(main, arguments("analyze"))
        assert finished.exit_code == 1
        assert message in finished.output
        assert finished.output.startswith("Error: data/")
        assert not Path("reports").exists()


def test_stage_writes_answers_metrics_tables_figures_and_page(tmp_path: Path) -> None:
    with project(tmp_path, train=USUAL[:2], validation=USUAL):
        output = analyze().output
        assert [line.split(" of the ")[1][0] for line in output.splitlines()] == ["2", "4"]
        assert [row.outcome for row in read_rows(Path("data/answers/validation.jsonl"), Answer)] == [
            *("wrong", "correct", "unjudged", "failed", "truncated")
        ]
        assert names_in("reports") == ["figures", "index.html", "metrics.json", "tables"]
        assert names_in("reports/tables") == TABLES
        stems = [f"{split}_{name}" for split in ("train", "validation") for name in FIGURES]
        assert names_in("reports/figures") == sorted(f"{stem}.{end}" for stem in stems for end in ("png", "svg"))


def test_stage_tells_the_verdict_in_ascii(tmp_path: Path) -> None:
    with project(tmp_path, validation=USUAL):
        output = analyze().output
        assert output.isascii()
        assert output.startswith(
            "tiny is no better than chance: it answers 25 % of the 4 validation questions with a gold answer rightly "
            "(95 % interval 5-70 %), and guessing would give 25 %."
        )


def test_metrics_by_hand(tmp_path: Path) -> None:
    with project(tmp_path, validation=USUAL):
        analyze()
        metrics = read_metrics()
        split = metrics["validation"]
        assert list(metrics) == ["validation", "usage"]
        assert list(split) == [
            *("questions", "accuracy", "accuracy_low", "accuracy_high"),
            *("answered_rate", "outcomes", "position_bias", "agreement", "kappa", "gates"),
        ]
        assert (split["questions"], split["accuracy"], split["answered_rate"]) == (5, 0.25, 0.6)
        assert (split["accuracy_low"], split["accuracy_high"]) == (0.045587, 0.699358)
        # answered C twice, gold A and C; recalls of A, B, C, D: 0, 0, 1, 0, as B failed and D was cut off
        assert split["position_bias"]["tv_distance"] == 0.5
        assert split["position_bias"]["recall_std"] == 0.433013
        assert 0 <= split["position_bias"]["chi2_p"] <= 1
        assert (split["agreement"], split["gates"]) == (None, {})
        assert split["kappa"] == 0.142857  # agreement 1/4, by chance 1/8: C is answered twice, and two are unread
        assert metrics["usage"] == {
            "requests": 4,
            "prompt_tokens": 400,
            "completion_tokens": 40,
            "cost_usd": 0.001,
        }


def test_agreement_is_over_rotations_in_the_original_order(tmp_path: Path) -> None:
    shown = "ADCB"
    always_c: list[Exchange] = [(make_request(0, gold, turn), "C", "answered") for turn, gold in enumerate(shown)]
    always_purr: list[Exchange] = [(make_request(1, gold, turn), gold, "answered") for turn, gold in enumerate(shown)]
    with project(tmp_path, train=[*always_c, *always_purr]):
        analyze()
        split = read_metrics()["train"]
        assert split["agreement"] == 0.625
        assert (split["outcomes"]["ambiguous"], split["outcomes"]["correct"]) == (1, 1)
        # as shown, gold is at each letter equally often, and C is answered five times of eight
        assert split["position_bias"]["tv_distance"] == 0.375
        orders = [row.readings for row in read_rows(Path("data/answers/train.jsonl"), Answer)]
        assert [reading.request_id for readings in orders for reading in readings] == [
            *("q0:0:0", "q0:1:0", "q0:2:0", "q0:3:0"),
            *("q1:0:0", "q1:1:0", "q1:2:0", "q1:3:0"),
        ]


def test_tables_by_hand(tmp_path: Path) -> None:
    with project(tmp_path, validation=USUAL):
        analyze()
        assert Path("reports/tables/readings.csv").read_text(encoding="utf-8") == (
            "split,question_id,request_id,rotation,concept,question_type,words,length_band,n_choices,gold,answer,outcome\n"
            "validation,q0,q0:0:0,0,cats,what/which,3,<10,4,A,C,wrong\n"
            "validation,q1,q1:0:0,0,cats,what/which,3,<10,4,C,C,correct\n"
            "validation,q2,q2:0:0,0,cats,who,5,<10,4,none,B,unjudged\n"
            "validation,q3,q3:0:0,0,cats,what/which,3,<10,4,B,none,failed\n"
            "validation,q4,q4:0:0,0,cats,what/which,3,<10,4,D,none,truncated\n"
        )
        assert Path("reports/tables/letters.csv").read_text(encoding="utf-8") == (
            "split,series,letter,count,bar\n"
            "validation,answered,A,0,validation A answered\n"
            "validation,answered,B,1,validation B answered\n"
            "validation,answered,C,2,validation C answered\n"
            "validation,answered,D,0,validation D answered\n"
            "validation,answered,none,2,validation none answered\n"
            "validation,gold,A,1,validation A gold\n"
            "validation,gold,B,1,validation B gold\n"
            "validation,gold,C,1,validation C gold\n"
            "validation,gold,D,1,validation D gold\n"
            "validation,gold,none,1,validation none gold\n"
        )
        by_type = read_csv("by_type.csv")
        assert [row["slice"] for row in by_type] == list(QUESTION_TYPES)
        assert list(by_type[0].values()) == [
            *("validation", "what/which", "4", "1", "0.250000", "0.045587", "0.699358", "0", "0", "2", "0", "2"),
            "validation what/which",
        ]
        assert list(by_type[2].values()) == [
            *("validation", "who", "0", "0", "", "", "", "0", "1", "0", "0", "0"),
            "validation who",
        ]
        assert [row["slice"] for row in read_csv("by_length.csv")] == list(LENGTH_BANDS)
        counted = [row["outcome"] for row in read_csv("outcomes.csv") if row["questions"] == row["rows"] == "1"]
        assert counted == ["correct", "wrong", "unjudged", "truncated", "failed"]
        assert [(row["slice"], row["n"], row["correct"]) for row in read_csv("by_letter.csv")] == [
            *(("A", "1", "0"), ("B", "1", "0"), ("C", "1", "1"), ("D", "1", "0"))
        ]
        assert [(row["slice"], row["n"], row["correct"]) for row in read_csv("by_concept.csv")] == [("cats", "4", "1")]


def test_slices_count_questions_of_several_rows_once(tmp_path: Path) -> None:
    exchanges: list[Exchange] = [
        (make_request(number, "ADCB"[turn], turn, question=f"{word} is it?"), "A", "answered")
        for number, word in enumerate(("Where", "Who", "Why"))
        for turn in range(2)
    ]
    with project(tmp_path, train=exchanges):
        analyze()
        assert {row["slice"]: (row["n"], row["A"]) for row in read_csv("by_type.csv") if row["A"] != "0"} == {
            "where": ("1", "2"),
            "who": ("1", "2"),
            "why": ("1", "2"),
        }


def test_letters_name_none_only_where_there_are_such_rows(tmp_path: Path) -> None:
    with project(tmp_path, train=USUAL[:1], validation=USUAL[3:4]):
        analyze()
        nones = [(row["split"], row["series"]) for row in read_csv("letters.csv") if row["letter"] == "none"]
        assert nones == [("validation", "answered")]


def test_hostile_texts_break_no_file(tmp_path: Path) -> None:
    names: dict[str, Any] = {"id": 'q\r\n,"1":0', "question_id": 'q\r\n,"1"'}
    long = make_request(0, "A", question=HOSTILE + " w" * 25_000, messages=[{"role": "user", "content": HOSTILE * 999}])
    odd = make_request(1, "B", question=HOSTILE, **names, choices=letter_choices([HOSTILE] * 4))
    with project(tmp_path, train=[(long, HOSTILE + "x" * 50_000, "truncated"), (odd, HOSTILE, "filtered")]):
        analyze()
        assert [row["words"] for row in read_csv("readings.csv")] == ["25007", "7"]
        for name in TABLES:
            assert len(pd.read_csv(f"reports/tables/{name}")) == len(read_csv(name))
            assert not set(Path(f"reports/tables/{name}").read_text(encoding="utf-8")) & set("\r\x1b\x85\x07")
        page = Path("reports/index.html").read_text(encoding="utf-8")
        assert "<script>" not in page
        assert "\\u003cscript>" in page
        assert next(read_rows(Path("data/answers/train.jsonl"), Answer)).readings[0].request_id == "q0:0:0"


@pytest.mark.parametrize(
    "exchanges",
    [
        pytest.param([(make_request(number), None, "failed") for number in range(3)], id="everything failed"),
        pytest.param([(make_request(number, None), "B", "answered") for number in range(3)], id="no gold"),
        pytest.param([(make_request(0), "A", "answered")], id="one question"),
        pytest.param(
            [
                (make_request(0, "B", choices=letter_choices(["yes", "no"])), "A", "answered"),
                (make_request(1, "J", choices=letter_choices([*"abcdefghij"])), "J", "answered"),
                (make_request(2, "C"), "C", "answered"),
            ],
            id="two, ten and four choices",
        ),
        pytest.param([], id="no questions"),
    ],
)
def test_stage_survives(tmp_path: Path, exchanges: list[Exchange]) -> None:
    with project(tmp_path, test=exchanges):
        analyze()
        metrics = read_metrics()["test"]
        assert metrics["questions"] == len(exchanges)
        assert sum(metrics["outcomes"].values()) == len(exchanges)
        p = metrics["position_bias"]["chi2_p"]
        assert p is None or 0 <= p <= 1
        assert "nan" not in Path("reports/tables/by_type.csv").read_text(encoding="utf-8").lower()
        assert len(names_in("reports/figures")) == 2 * len(FIGURES)


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    seen = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        with project(tmp_path / seed, validation=USUAL):
            environment = {
                **os.environ,
                "PYTHONHASHSEED": seed,
                "TZ": f"UTC+{seed}",
                "PYTHONPATH": os.pathsep.join(sys.path),
            }
            subprocess.run([sys.executable, "-W", "error", *command("analyze")[1:]], check=True, env=environment)
            files = sorted(path for folder in ("data/answers", "reports") for path in Path(folder).rglob("*.*"))
            seen.append({str(path): path.read_bytes() for path in files})
            assert not any(str(tmp_path).encode() in content for content in seen[-1].values())
    assert len(seen[0]) == 1 + 1 + 1 + len(TABLES) + 2 * len(FIGURES)
    assert seen[0] == seen[1]


def test_page_tells_where_everything_comes_from(tmp_path: Path) -> None:
    with project(tmp_path, validation=USUAL):
        analyze()
        page = Path("reports/index.html").read_text(encoding="utf-8")
        for told in (
            "riddles (me/riddles)",
            "abc123",
            "tiny (tiny-model, local, temperature 0)",
            '<dd dir="auto">served-model</dd>',
            "validation: 5 questions, 5 rows",
            "All 5 rows.",
            "400 in prompts, 40 in answers",
            "less than 0.01 US dollars",
            "Let me think. C",
        ):
            assert told in page


PASSED = {"min_answered_rate": 0.5, "min_accuracy": 0.2, "max_recall_std": 0.5, "max_tv_distance": 0.5}


def test_gates_that_are_on_are_judged_in_the_metrics(tmp_path: Path) -> None:
    with project(tmp_path, PASSED | {"min_accuracy": 0.3, "better_than_chance": True}, validation=USUAL):
        output = analyze().output
        assert read_metrics()["validation"]["gates"] == {
            "min_answered_rate": "pass",
            "min_accuracy": "fail",
            "better_than_chance": "fail",
            "max_recall_std": "pass",
            "max_tv_distance": "pass",
        }
        assert "gates not passed: min_accuracy in validation (got 0.25), better_than_chance in validation" in output


def test_a_strict_gate_that_fails_stops_the_stage_with_the_report_written(tmp_path: Path) -> None:
    with project(tmp_path, {"min_accuracy": 0.3, "strict": True}, validation=USUAL):
        finished = CliRunner().invoke(main, arguments("analyze"))
        assert finished.exit_code == 1
        assert finished.output.splitlines()[-1] == (
            "Error: params.yaml: analyze.gates: not passed: min_accuracy in validation (got 0.25); reports/index.html "
            "says more, and nothing new is exported: choose another teacher or prompt"
            ", or set analyze.gates.strict to false"
        )
        assert names_in("reports") == ["figures", "index.html", "metrics.json", "tables"]


def test_strict_gates_that_pass_stop_nothing(tmp_path: Path) -> None:
    with project(tmp_path, PASSED | {"strict": True}, validation=USUAL):
        assert "gates" not in analyze().output


def test_an_answer_is_read_as_its_prompt_says(tmp_path: Path) -> None:
    exchanges: list[Exchange] = [
        (make_request(0, "B"), "B", "answered"),
        (make_request(1, "B"), "I think it is B.", "answered"),
    ]
    with project(tmp_path, validation=exchanges):
        params = json.loads(Path("params.yaml").read_text())
        params["prompts"][params["prompt"]]["answer_format"] = "letter"
        write(Path("params.yaml"), json.dumps(params))
        analyze()
        assert [row["outcome"] for row in read_csv("readings.csv")] == ["correct", "unparsed"]
        assert "letter (answer format letter)" in Path("reports/index.html").read_text(encoding="utf-8")
