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

from stages.analyze import answer_question, count_usage, judge_response, main, read_split
from stages.choices import letter_choices, render_choices, rotate_choices
from stages.errors import InputError
from stages.params import Price
from stages.quality.slices import LENGTH_BANDS, QUESTION_TYPES
from stages.records import Answer, Outcome, Reading, Request, Response, Status, read_rows
from tests.project import arguments, command

ROOT = Path(__file__).parent.parent
HOSTILE = "<script>alert('x')</script> \"a\", b;\r c \N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF} \x1b[0m \x85 \x07"
TABLES = ["by_length.csv", "by_type.csv", "letters.csv", "outcomes.csv", "readings.csv", "unread.csv"]
FIGURES = ["actual_against_expected", "answer_by_length", "answer_by_type", "answers_per_letter", "confusion"]


def make_request(number: int = 0, gold: str | None = "A", rotation: int = 0, **given: Any) -> Request:
    row = {
        "id": f"q{number}:{rotation}:0",
        "question_id": f"q{number}",
        "question": "What might a cat do?",
        "choices": rotate_choices(letter_choices(["purr", "bark", "sing", "read"]), rotation),
        "answer": gold,
        "rotation": rotation,
        "replicate": 0,
        "messages": [{"role": "user", "content": "What might a cat do?"}],
    }
    return Request.model_validate(row | given)


def make_response(
    request: Request, content: str | None, status: Status = "answered", *, metered: bool = True, **given: Any
) -> Response:
    row = {
        "id": request.id,
        "key": request.id,
        "status": status,
        "content": content,
        "reasoning": None,
        "finish_reason": None,
        "model": "served-model",
        "usage": {"prompt_tokens": 100, "completion_tokens": 10} if metered else None,
        "logprobs": None,
        "error": "HTTP 503" if status == "failed" else None,
    }
    return Response.model_validate(row | given)


SOURCE: dict[str, Any] = {"dataset": "riddles", "path": "me/riddles", "name": None, "revision": "abc123", "skipped": []}
TEACHER = {"provider": "local", "model": "tiny-model", "price_per_million": {"input": 2.0, "output": 5.0}}

Exchange = tuple[Request, str | None, Status]


@contextlib.contextmanager
def project(folder: Path, **splits: list[Exchange]) -> Iterator[Path]:
    """Lay out what the stages before leave, and stand in it."""
    params = YAML(typ="safe").load((ROOT / "tests/params.yaml").read_text(encoding="utf-8"))
    params["teacher"], params["teachers"]["tiny"] = "tiny", TEACHER
    params["analyze"]["unread_sample"] = 20
    write(folder / "params.yaml", json.dumps(params))
    write(folder / "data/raw/source.json", json.dumps(SOURCE))
    for split, exchanges in splits.items():
        responses = [make_response(request, content, status) for request, content, status in exchanges]
        write(folder / f"data/requests/{split}.jsonl", *[request.model_dump_json() for request, _, _ in exchanges])
        write(folder / f"data/responses/{split}.jsonl", *[response.model_dump_json() for response in responses])
    with contextlib.chdir(folder):
        yield folder


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
    (make_request(1, "C"), "C. sing", "answered"),
    (make_request(2, None, question="Who might bark at the cat?"), "B", "answered"),
    (make_request(3, "B"), None, "failed"),
    (make_request(4, "D"), "Let me think. C", "truncated"),
]


@pytest.mark.parametrize(
    ("content", "status", "gold", "answer", "outcome"),
    [
        pytest.param("C", "answered", "C", "C", "correct", id="correct"),
        pytest.param("C", "answered", "A", "C", "wrong", id="wrong"),
        pytest.param("C", "answered", None, "C", "unjudged", id="no gold"),
        pytest.param("I'm sorry, I cannot answer that.", "answered", "A", None, "refused", id="refused"),
        pytest.param("", "answered", "A", None, "unparsed", id="empty"),
        pytest.param(None, "answered", "A", None, "unparsed", id="no content"),
        pytest.param("Answer: C", "truncated", "C", None, "truncated", id="truncated is not read"),
        pytest.param(None, "filtered", "A", None, "filtered", id="filtered"),
        pytest.param(None, "failed", None, None, "failed", id="failed"),
    ],
)
def test_judge_response(
    content: str | None, status: Status, gold: str | None, answer: str | None, outcome: Outcome
) -> None:
    request = make_request(gold=gold)
    expected = Reading(request_id=request.id, answer=answer, outcome=outcome)
    assert judge_response(request, make_response(request, content, status)) == expected


def vote(*letters: str | None, gold: str | None = "A", outcomes: tuple[Outcome, ...] = ()) -> Answer:
    """Answer a question of four choices, one rotation for each letter; gold is given in the original order."""
    pairs = []
    for rotation, letter in enumerate(letters):
        shown = gold and "ABCD"[("ABCD".index(gold) - rotation) % 4]
        outcome: Outcome = outcomes[rotation] if outcomes else "wrong" if letter else "unparsed"
        request = make_request(gold=shown, rotation=rotation)
        pairs.append((request, Reading(request_id=request.id, answer=letter, outcome=outcome)))
    return answer_question(pairs)


@pytest.mark.parametrize(
    ("letters", "gold", "answer", "outcome", "distribution"),
    [
        pytest.param("B", "B", "B", "correct", {"B": 1.0}, id="one reading"),
        pytest.param("CBA", "C", "C", "correct", {"C": 1.0}, id="the same choice in every rotation"),
        pytest.param("CCC", "C", None, "ambiguous", {"A": 0.333333, "C": 0.333333, "D": 0.333333}, id="position"),
        pytest.param("CBB", "A", "C", "wrong", {"C": 0.666667, "D": 0.333333}, id="plurality"),
        pytest.param("C-D", None, None, "ambiguous", {"B": 0.5, "C": 0.5}, id="tie"),
        pytest.param("C--", "C", "C", "correct", {"C": 1.0}, id="unread ones do not vote"),
        pytest.param("C", None, "C", "unjudged", {"C": 1.0}, id="no gold"),
    ],
)
def test_question_is_answered_by_plurality(
    letters: str,
    gold: str | None,
    answer: str | None,
    outcome: Outcome,
    distribution: dict[str, float],
) -> None:
    row = vote(*[None if letter == "-" else letter for letter in letters], gold=gold)
    assert (row.answer, row.outcome, row.distribution) == (answer, outcome, distribution)
    assert row.confidence == (distribution[answer] if answer else None)
    assert list(row.distribution) == sorted(distribution)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param(("failed", "refused", "failed"), "failed", id="most frequent"),
        pytest.param(
            ("failed", "truncated", "unparsed", "truncated", "unparsed"), "unparsed", id="tie: first in order"
        ),
        pytest.param(("filtered",), "filtered", id="one"),
    ],
)
def test_question_without_a_letter_has_its_most_frequent_outcome(
    outcomes: tuple[Outcome, ...], expected: Outcome
) -> None:
    row = vote(*[None] * len(outcomes), outcomes=outcomes)
    assert (row.answer, row.outcome, row.confidence, row.distribution) == (None, expected, None, {})


def test_usage_counts_each_answer_bought_once() -> None:
    request = make_request()
    bought = make_response(request, "C", key="k1")
    failed = make_response(request, None, "failed", metered=False, key="k3")
    responses = [bought, bought, make_response(request, "C", key="k2"), failed]
    assert count_usage(responses, None) == {
        "requests": 2,
        "prompt_tokens": 200,
        "completion_tokens": 20,
        "cost_usd": None,
    }


@pytest.mark.parametrize(
    ("price", "unmetered", "cost"),
    [
        pytest.param({"input": 2.0, "output": 5.0}, None, 0.00025, id="priced"),
        pytest.param({"input": 2.0, "output": None}, None, None, id="half a price"),
        pytest.param({"input": 2.0, "output": 5.0}, "answered", None, id="an answer without a count"),
        pytest.param({"input": 2.0, "output": 5.0}, "failed", 0.00025, id="a failure costs nothing"),
        pytest.param({"input": 0.0, "output": 0.0}, "answered", 0, id="for nothing"),
    ],
)
def test_cost_is_known_or_none(price: dict[str, float | None], unmetered: Status | None, cost: float | None) -> None:
    responses = [make_response(make_request(), "C")]
    if unmetered:
        responses.append(make_response(make_request(1), None, unmetered, metered=False))
    assert count_usage(responses, Price.model_validate(price))["cost_usd"] == cost


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        pytest.param(
            [0, 2], r"validation\.jsonl: line 2: expected the response to 'q1:0:0', got the one to 'q2", id="id"
        ),
        pytest.param([0], r"validation\.jsonl: line 2: expected .*'q1:0:0', got the end of the file", id="too short"),
        pytest.param([0, 1, 2], r"validation\.jsonl: line 3: expected the end of the file, got .*'q2", id="too long"),
    ],
)
def test_responses_that_do_not_match_are_named(tmp_path: Path, responses: list[int], message: str) -> None:
    with project(tmp_path, validation=[(make_request(number), "C", "answered") for number in range(2)]):
        rows = [make_response(make_request(number), "C").model_dump_json() for number in responses]
        write(Path("data/responses/validation.jsonl"), *rows)
        with pytest.raises(InputError, match=rf"data/responses/{message}"):
            read_split(Path("data/requests/validation.jsonl"), Path("data/responses/validation.jsonl"))


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        pytest.param("data/requests/validation.jsonl", None, "data/requests: expected files", id="no requests"),
        pytest.param("data/responses/validation.jsonl", None, "validation.jsonl: expected a file", id="no responses"),
        pytest.param("data/responses/validation.jsonl", "[]", "line 1: expected a JSON object", id="no row"),
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
        assert [line.split()[6] for line in output.splitlines()] == ["2", "4"]
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
        assert output.startswith("tiny answers 25 % of the 4 validation questions with a gold answer rightly ")
        assert "(95 % interval 5-70 %)" in output


def test_metrics_by_hand(tmp_path: Path) -> None:
    with project(tmp_path, validation=USUAL):
        analyze()
        metrics = read_metrics()
        split = metrics["validation"]
        assert list(metrics) == ["validation", "usage"]
        assert list(split) == [
            *("questions", "accuracy", "accuracy_low", "accuracy_high"),
            *("answered_rate", "outcomes", "position_bias", "agreement"),
        ]
        assert (split["questions"], split["accuracy"], split["answered_rate"]) == (5, 0.25, 0.6)
        assert (split["accuracy_low"], split["accuracy_high"]) == (0.045587, 0.699358)
        # answered C twice, gold A and C; recalls of A, B, C, D: 0, 0, 1, 0, as B failed and D was cut off
        assert split["position_bias"]["tv_distance"] == 0.5
        assert split["position_bias"]["recall_std"] == 0.433013
        assert 0 <= split["position_bias"]["chi2_p"] <= 1
        assert split["agreement"] is None
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
            "split,question_id,request_id,rotation,question_type,words,length_band,gold,answer,outcome\n"
            "validation,q0,q0:0:0,0,what/which,5,<10,A,C,wrong\n"
            "validation,q1,q1:0:0,0,what/which,5,<10,C,C,correct\n"
            "validation,q2,q2:0:0,0,who,6,<10,none,B,unjudged\n"
            "validation,q3,q3:0:0,0,what/which,5,<10,B,none,failed\n"
            "validation,q4,q4:0:0,0,what/which,5,<10,D,none,truncated\n"
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
            *("validation", "what/which", "4", "1", "0.250000", "0.045587", "0.699358", "0", "0", "2", "0", "2")
        ]
        assert list(by_type[2].values()) == ["validation", "who", "0", "0", "", "", "", "0", "1", "0", "0", "0"]
        assert [row["slice"] for row in read_csv("by_length.csv")] == list(LENGTH_BANDS)
        counted = [row["outcome"] for row in read_csv("outcomes.csv") if row["questions"] == row["rows"] == "1"]
        assert counted == ["correct", "wrong", "unjudged", "truncated", "failed"]
        assert read_csv("unread.csv") == [
            {
                "split": "validation",
                "request_id": f"q{number}:0:0",
                "question": "What might a cat do?",
                "choices": render_choices(make_request(number).choices),
                "response": response,
                "outcome": outcome,
            }
            for number, response, outcome in ((3, "[HTTP 503]", "failed"), (4, "Let me think. C", "truncated"))
        ]


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


def test_unread_rows_are_sampled_in_order_and_cut(tmp_path: Path) -> None:
    exchanges: list[Exchange] = [(make_request(number), "?" * 600, "truncated") for number in range(30)]
    with project(tmp_path, train=exchanges[:25], validation=exchanges):
        analyze()
        rows = read_csv("unread.csv")
        assert [row["request_id"] for row in rows] == [f"q{number}:0:0" for number in range(20)] * 2
        assert {len(row["response"]) for row in rows} == {500}


def test_hostile_texts_break_no_file(tmp_path: Path) -> None:
    names: dict[str, Any] = {"id": 'q\r\n,"1":0', "question_id": 'q\r\n,"1"'}
    long = make_request(0, "A", question=HOSTILE + " w" * 25_000, messages=[{"role": "user", "content": HOSTILE * 999}])
    odd = make_request(1, "B", question=HOSTILE, **names, choices=letter_choices([HOSTILE] * 4))
    with project(tmp_path, train=[(long, HOSTILE + "x" * 50_000, "truncated"), (odd, HOSTILE, "filtered")]):
        analyze()
        shown = HOSTILE.translate(str.maketrans("\r\x1b\x85\x07", "\n\u241b\ufffd\u2407"))
        rows = read_csv("unread.csv")
        assert rows[1] == {
            "split": "train",
            "request_id": 'q\n,"1":0',
            "question": shown,
            "choices": rows[1]["choices"],
            "response": shown,
            "outcome": "filtered",
        }
        assert rows[0]["response"] == (shown + "x" * 500)[:500]
        assert [row["words"] for row in read_csv("readings.csv")] == ["25007", "7"]
        for name in TABLES:
            assert len(pd.read_csv(f"reports/tables/{name}")) == len(read_csv(name))
            assert not set(Path(f"reports/tables/{name}").read_text(encoding="utf-8")) & set("\r\x1b\x85\x07")
        page = Path("reports/index.html").read_text(encoding="utf-8")
        assert "<script" not in page
        assert "&lt;script&gt;" in page
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
        assert len(names_in("reports/figures")) == 10


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
    assert len(seen[0]) == 19
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
            "400 in prompts, 40 in answers",
            "less than 0.01 US dollars",
            "Let me think. C",
        ):
            assert told in page
