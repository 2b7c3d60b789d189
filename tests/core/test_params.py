from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from potstill.core.errors import InputError
from potstill.core.params_file import load_params
from potstill.core.sections import Section

if TYPE_CHECKING:
    from tests.conftest import Workspace

ROOT = Path(__file__).parents[2]
KEYS = (
    "dataset, prompt, teacher, datasets, load, prompts, prepare, teachers, price_per_million, analyze, export, runtime"
)


def refuse() -> str:
    with pytest.raises(InputError) as caught:
        load_params()
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("params.yaml: ")
    return message.removeprefix("params.yaml: ")


def edit_text(workspace: "Workspace", old: str, new: str) -> None:
    text = workspace.params.read_text(encoding="utf-8")
    assert old in text
    workspace.params.write_text(text.replace(old, new), encoding="utf-8")


def nest(path: str, value: object) -> dict[str, Any]:
    """Return {"a": {"b": value}} for the path "a.b"."""
    first, _, rest = path.partition(".")
    return {first: nest(rest, value) if rest else value}


def test_the_params_of_this_project_are_right_and_all_in_the_file_or_its_comments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    params = load_params()
    assert params.datasets[params.dataset].path == "data/source/bundled"
    assert {"letter", "chain_of_thought"} <= set(params.prompts)
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("params.yaml", "student/params.yaml"))
    assert {name for section in list_sections() for name in section.model_fields if name not in text} == set()


def list_sections(section: type[Section] = Section) -> Iterator[type[Section]]:
    for child in section.__subclasses__():
        if child.__module__.startswith(("potstill.", "student.core.")):
            yield child
        yield from list_sections(child)


def test_every_param_is_described() -> None:
    fields = [field for section in list_sections() for field in section.model_fields.values()]
    assert len(fields) > 30
    assert [field for field in fields if not field.description] == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("promt", "letter", f"promt: unknown key; did you mean prompt? Legal keys here are {KEYS}"),
        (
            "datasets.bundled.splits.validate",
            "dev",
            "datasets.bundled.splits.validate: unknown key; did you mean validation? "
            "Legal keys here are train, validation, test",
        ),
        (
            "price_per_million.smollm2.inputs",
            1,
            "price_per_million.smollm2.inputs: unknown key; did you mean input? "
            "Legal keys here are input, output, batch",
        ),
        ("analyze.zzz", 1, "analyze.zzz: unknown key. Legal keys here are explorer_rows, debias, gates"),
    ],
    ids=["top level", "section of an entry", "section that may be left out", "nothing like it"],
)
def test_an_unknown_key_is_told_with_a_close_match_and_the_legal_keys(
    workspace: "Workspace", path: str, value: object, message: str
) -> None:
    workspace.edit(**nest(path, value))
    assert refuse() == message


def test_a_misspelt_required_key_is_told_as_misspelt_and_not_as_missing(workspace: "Workspace") -> None:
    edit_text(workspace, "  concurrency:", "  concurency:")
    assert refuse().startswith("runtime.concurency: unknown key; did you mean concurrency?")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        pytest.param("load.train", "64", "an integer, or null", id="quoted number"),
        pytest.param("load.seed", True, "an integer", id="a truth value"),
        pytest.param("load.seed", 1.0, "an integer", id="a fraction"),
        pytest.param("prompts.letter.user", 3, "text", id="no text"),
        pytest.param("datasets.bundled.splits.test", 3, "text, or null", id="a number for a name"),
        pytest.param("teachers.smollm2.top_p", "high", "a number, or null", id="no number"),
        pytest.param("analyze.gates.better_than_chance", 1, "true or false, or null", id="no truth value"),
        pytest.param("prepare.splits", "train", "a list of names", id="no list"),
        pytest.param("datasets", ["bundled"], "a mapping", id="no catalogue"),
        pytest.param("analyze", None, "the keys explorer_rows, debias, gates", id="empty section"),
        pytest.param("price_per_million.smollm2", 5, "the keys input, output, batch", id="number for a section"),
        pytest.param(
            "teachers.smollm2.extras.at", date(2025, 1, 2), "a value that JSON has (a date needs quotes)", id="no JSON"
        ),
        pytest.param("load.sample", "tail", "'head' or 'random'", id="unknown word"),
        pytest.param("prompts.letter.answer_format", "xml", "'letter', 'final_line' or 'json', or null", id="format"),
        pytest.param("load.test", -1, "0 or more, or null", id="size below nought"),
        pytest.param("prepare.rotations", 0, "1 or more or 'all'", id="no rotation"),
        pytest.param("prepare.rotations", 27, "26 or less or 'all'", id="more rotations than letters"),
        pytest.param("prepare.rotations", "every", "an integer or 'all'", id="no such word"),
        pytest.param("prepare.pride_share", 1.1, "1 or less", id="a share of more than all"),
        pytest.param("prompts.letter.examples", 5, "the keys count, seed, answer, or null", id="number of examples"),
        pytest.param("prompts.letter.examples.count", 0, "1 or more", id="no example"),
        pytest.param("teachers.smollm2.temperature", 2.1, "2 or less, or null", id="temperature"),
        pytest.param("teachers.smollm2.top_p", 0, "more than 0, or null", id="top_p"),
        pytest.param("teachers.smollm2.max_tokens", 0, "1 or more", id="no token"),
        pytest.param("runtime.timeout_s", float("inf"), "a finite number", id="no end"),
        pytest.param("runtime.max_failed_fraction", 1.5, "1 or less", id="more than all"),
        pytest.param("runtime.budget_usd", -0.5, "0 or more, or null", id="a negative budget"),
        pytest.param("export.formats", [], "at least 1 entry", id="no format"),
        pytest.param("datasets.my data", {"path": "x"}, "text that matches ^[A-Za-z0-9_-]+$", id="a name with a space"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_what_it_may_be_and_what_it_was(
    workspace: "Workspace", path: str, value: object, expected: str
) -> None:
    workspace.edit(**nest(path, value))
    got = "my data" if path == "datasets.my data" else value
    assert refuse() == f"{path}: expected {expected}, got {got!r}"


@pytest.mark.parametrize(
    "credentials",
    ["gpt4o", [], ["EAST", "west"], ["EAST", "EAST"]],
    ids=["small letters", "no endpoint", "small letters in a list", "an endpoint twice"],
)
def test_credentials_that_are_no_names_are_told(workspace: "Workspace", credentials: object) -> None:
    workspace.edit(teachers={"smollm2": {"credentials": credentials}})
    assert refuse() == (
        "teachers.smollm2.credentials: expected a name such as GPT4O, in capitals, or a list of them, each once, "
        f"got {credentials!r}"
    )


@pytest.mark.parametrize("choices", [5, [], ["a", 5]], ids=["number", "empty list", "list of other things"])
def test_a_value_that_may_be_of_two_kinds_is_told_with_both(workspace: "Workspace", choices: object) -> None:
    workspace.edit(datasets={"bundled": {"columns": {"question": "q", "choices": choices}}})
    message = refuse()
    assert message == f"datasets.bundled.columns.choices: expected text or a list of names, got {choices!r}"


HELD = {"structured": True, "answer_format": "json"}
EFFORTS = {"reasoning_effort": "low", "extras": {"reasoning_effort": "high"}}


@pytest.mark.parametrize(
    ("prompt", "teacher", "message"),
    [
        pytest.param(
            HELD | {"answer_format": "final_line"},
            {},
            "prompts.letter.structured: expected answer_format json or letter beside it, got final_line",
            id="an object of a line",
        ),
        pytest.param(
            HELD | {"answer_format": None},
            {},
            "prompts.letter.structured: expected answer_format json or letter beside it, got none",
            id="an object of any text",
        ),
        pytest.param(
            HELD,
            {"extras": {"response_format": {"type": "json_object"}}},
            "prompts.letter.structured: expected no response_format beside it in teachers.smollm2.extras; remove one",
            id="two formats",
        ),
        pytest.param(
            {},
            EFFORTS,
            "teachers.smollm2.extras: expected no reasoning_effort in it, since the teacher's own field sets one",
            id="two reasoning efforts",
        ),
    ],
)
def test_params_that_clash_are_told(
    workspace: "Workspace", prompt: dict[str, Any], teacher: dict[str, Any], message: str
) -> None:
    workspace.edit(prompts={"letter": prompt}, teachers={"smollm2": teacher})
    assert refuse().startswith(message)


def test_a_name_that_is_a_number_is_told(workspace: "Workspace") -> None:
    workspace.edit(teachers={4: {"provider": "local", "model": "m"}})
    assert refuse() == "teachers.4: expected text, got 4"


def test_a_split_that_is_named_twice_is_told(workspace: "Workspace") -> None:
    workspace.edit(prepare={"splits": ["train", "train"]})
    assert refuse() == "prepare.splits: each split may be named once"


@pytest.mark.parametrize(
    ("choice", "misspelt", "message"),
    [
        ("dataset", "bundle", "expected one of bundled, commonsense_qa, got 'bundle'; did you mean bundled?"),
        ("prompt", "leter", "expected one of letter, chain_of_thought, got 'leter'; did you mean letter?"),
        ("teacher", "smollm", "expected one of smollm2, deepseek-v3, got 'smollm'; did you mean smollm2?"),
        ("teacher", "gpt-4o", "expected one of smollm2, deepseek-v3, got 'gpt-4o'"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_there_are_and_the_nearest(
    workspace: "Workspace", choice: str, misspelt: str, message: str
) -> None:
    workspace.edit(**{choice: misspelt})
    assert refuse() == f"{choice}: {message}"


def test_a_missing_key_is_told(workspace: "Workspace") -> None:
    edit_text(workspace, "  replicates: 1\n", "\n")
    assert refuse() == "prepare.replicates: missing; add it"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param(
            {"provider": "local", "weights": "w.gguf"},
            "expected weights and sha256 together or neither, got weights alone",
            id="no hash",
        ),
        pytest.param(
            {"provider": "openai", "weights": "w.gguf", "sha256": "0" * 64},
            "expected weights with provider local only, got provider openai; remove them",
            id="another provider",
        ),
    ],
)
def test_weights_go_with_their_hash_and_with_provider_local(
    workspace: "Workspace", entry: dict[str, str], message: str
) -> None:
    workspace.edit(teachers={"student": {"model": "m", **entry}})
    assert refuse() == f"teachers.student: {message}"


def test_a_hash_that_is_none_is_told(workspace: "Workspace") -> None:
    entry = {"provider": "local", "model": "m", "weights": "w.gguf", "sha256": "md5:0"}
    workspace.edit(teachers={"student": entry})
    assert refuse().startswith("teachers.student.sha256: expected 64 digits from 0 to 9 and a to f")


@pytest.mark.parametrize("content", ["", "- a list\n"], ids=["empty", "list"])
def test_a_file_that_is_no_mapping_is_told_with_the_keys_it_needs(workspace: "Workspace", content: str) -> None:
    workspace.params.write_text(content)
    assert refuse().startswith("the whole file: expected the keys dataset, prompt, teacher, ")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        pytest.param("extra: [1, 2\n", "expected ',' or ']'", id="unclosed bracket"),
        pytest.param("\tkey: 1\n", "tab character", id="tab"),
        pytest.param("prompt: letter\n", 'duplicate key "prompt"', id="duplicate key"),
    ],
)
def test_broken_yaml_is_told_with_its_line(workspace: "Workspace", broken: str, problem: str) -> None:
    text = workspace.params.read_text(encoding="utf-8")
    workspace.params.write_text(f"{text}\n{broken}", encoding="utf-8")
    line = text.count("\n") + 2
    message = refuse()
    assert message.startswith((f"line {line}: no valid YAML: ", f"line {line + 1}: no valid YAML: "))
    assert problem in message


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        pytest.param(b"# \x07\n", "characters are not allowed", id="control character"),
        pytest.param(b"# \xff\n", "expected UTF-8 text, but byte", id="no UTF-8"),
    ],
)
def test_a_file_that_is_no_text_is_told(workspace: "Workspace", extra: bytes, message: str) -> None:
    workspace.params.write_bytes(workspace.params.read_bytes() + extra)
    assert message in refuse()


@pytest.mark.parametrize("template", ["{topic}", "{}", "{0}", "{question:>9}", "{question!r}", "{question.id}"])
def test_a_placeholder_that_is_not_one_is_told_with_the_legal_ones(workspace: "Workspace", template: str) -> None:
    workspace.edit(prompts={"other": {"system": template, "user": "{question} {answer_choices}"}})
    places = "{question}, {answer_choices}, {labels}"
    message = f"{template} is no placeholder; legal are {places}, and {{{{ }}}} for plain braces"
    assert refuse() == f"prompts.other.system: {message}"


@pytest.mark.parametrize("template", ["{question", "question}"])
def test_a_brace_without_its_other_half_is_told(workspace: "Workspace", template: str) -> None:
    workspace.edit(prompts={"letter": {"user": template}})
    assert refuse().endswith("write {{ and }} for braces that are meant as such")


@pytest.mark.parametrize(
    ("user", "missing"),
    [
        pytest.param("Choose: {answer_choices}", "question", id="no question"),
        pytest.param("{question}", "answer_choices", id="no choices"),
        pytest.param("{{question}} {answer_choices}", "question", id="a question in doubled braces"),
    ],
)
def test_a_prompt_that_does_not_show_what_is_asked_is_told(workspace: "Workspace", user: str, missing: str) -> None:
    workspace.edit(prompts={"letter": {"user": user}})
    assert refuse() == f"prompts.letter: expected {{{missing}}} in system or user, found it in neither"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(
            {"examples": {"count": 1, "answer": "{label}"}},
            "prompts.letter.examples.answer: {label} is no placeholder; legal are {letter}, {text}, "
            "and {{ }} for plain braces",
            id="placeholder",
        ),
        pytest.param(
            {"examples": {"count": 1, "answer": "It is clear."}},
            "prompts.letter.examples.answer: expected {letter} or {text} in it, got 'It is clear.'",
            id="an answer without gold",
        ),
        pytest.param(
            {"examples": {"count": 1}, "system": "{question}", "user": "{answer_choices}"},
            "prompts.letter: expected {question} in user, as examples need it",
            id="a question that examples cannot show",
        ),
    ],
)
def test_examples_that_would_show_nothing_are_told(workspace: "Workspace", edit: dict[str, Any], message: str) -> None:
    workspace.edit(prompts={"letter": edit})
    assert refuse() == message


def test_doubled_braces_are_legal_in_a_prompt(workspace: "Workspace") -> None:
    workspace.edit(
        prompts={"letter": {"system": 'Reply {{"answer": "A"}}', "user": "{question} {answer_choices} {{}}"}}
    )
    assert load_params().prompts["letter"].system == 'Reply {{"answer": "A"}}'


def test_null_takes_all_and_what_is_left_out_has_its_default(workspace: "Workspace") -> None:
    workspace.edit(load={"train": None}, datasets={"mine": {"path": "data/source/mine.csv"}})
    params = load_params()
    assert params.load.train is None
    splits = params.datasets["mine"].splits
    assert (splits.train, splits.validation, splits.test) == ("train", "validation", "test")
    assert params.teachers["deepseek-v3"].max_tokens == 4000


def test_a_price_that_is_where_older_versions_had_it_is_told_with_where_it_goes(workspace: "Workspace") -> None:
    workspace.edit(teachers={"smollm2": {"price_per_million": {"input": 1, "output": 2}}})
    assert refuse() == (
        "teachers.smollm2: price_per_million is no part of a teacher, so that an edit of it asks nothing anew; move it "
        "to the section price_per_million of params.yaml, under this teacher's name"
    )


def test_a_price_of_nobody_is_told(workspace: "Workspace") -> None:
    workspace.edit(price_per_million={"smolm2": {"input": 1, "output": 2}})
    assert (
        refuse() == "price_per_million, by teachers' names: expected one of smollm2, deepseek-v3, "
        "got 'smolm2'; did you mean smollm2?"
    )
