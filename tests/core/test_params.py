import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from potstill.core.errors import InputError
from potstill.core.params import Params, Section, load_params
from tests.project import command
from tests.reads import reads_of_stages

if TYPE_CHECKING:
    from tests.conftest import Workspace

ROOT = Path(__file__).parents[2]
STAGES = ("load", "prepare", "infer", "analyze", "export")
PLACES = "{question}, {answer_choices}, {labels}"


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


def test_the_params_of_this_project_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    params = load_params()
    assert params.datasets[params.dataset].path == "data/source/bundled"
    assert {"letter", "chain_of_thought"} <= set(params.prompts)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(
            {"promt": "letter"},
            "promt: unknown key; did you mean prompt? Legal keys here are dataset, prompt, teacher, datasets, load, "
            "prompts, prepare, teachers, analyze, export, runtime",
            id="top level",
        ),
        pytest.param(
            {"load": {"sampel": "head"}},
            "load.sampel: unknown key; did you mean sample? "
            "Legal keys here are train, validation, test, sample, seed, on_bad_row",
            id="section",
        ),
        pytest.param(
            {"datasets": {"bundled": {"pth": "x"}}},
            "datasets.bundled.pth: unknown key; did you mean path? "
            "Legal keys here are path, name, revision, splits, columns",
            id="entry of a catalogue",
        ),
        pytest.param(
            {"datasets": {"bundled": {"splits": {"validate": "dev"}}}},
            "datasets.bundled.splits.validate: unknown key; did you mean validation? "
            "Legal keys here are train, validation, test",
            id="section of an entry",
        ),
        pytest.param(
            {"teachers": {"smollm2": {"price_per_million": {"inputs": 1}}}},
            "teachers.smollm2.price_per_million.inputs: unknown key; did you mean input? "
            "Legal keys here are input, output",
            id="section that may be left out",
        ),
        pytest.param(
            {"analyze": {"zzz": 1}},
            "analyze.zzz: unknown key; Legal keys here are explorer_rows, gates",
            id="nothing like it",
        ),
    ],
)
def test_an_unknown_key_is_told_with_a_close_match_and_the_legal_keys(
    workspace: "Workspace", edit: dict[str, object], message: str
) -> None:
    workspace.edit(**edit)
    assert refuse() == message


def test_a_misspelt_required_key_is_told_as_misspelt_and_not_as_missing(workspace: "Workspace") -> None:
    edit_text(workspace, "  concurrency:", "  concurency:")
    assert refuse().startswith("runtime.concurency: unknown key; did you mean concurrency?")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param({"load": {"train": "many"}}, "load.train: expected a valid integer, got 'many'", id="no integer"),
        pytest.param({"load": {"seed": 1.5}}, "load.seed: expected a valid integer, got 1.5", id="a fraction"),
        pytest.param({"load": {"seed": True}}, "load.seed: expected a valid integer, got True", id="a truth value"),
        pytest.param({"load": {"train": "64"}}, "load.train: expected a valid integer, got '64'", id="quoted number"),
        pytest.param(
            {"prompts": {"letter": {"user": 3}}}, "prompts.letter.user: expected a valid string, got 3", id="no text"
        ),
        pytest.param(
            {"analyze": None}, "analyze: expected the keys explorer_rows, gates, got None", id="empty section"
        ),
        pytest.param(
            {"datasets": {"bundled": "data/source"}},
            "datasets.bundled: expected the keys path, name, revision, splits, columns, got 'data/source'",
            id="entry without keys",
        ),
        pytest.param(
            {"datasets": {"bundled": {"columns": {"question": "q", "choices": 5}}}},
            "datasets.bundled.columns.choices: expected a column's name or a list of them, got 5",
            id="neither a name nor a list",
        ),
        pytest.param(
            {"datasets": {"bundled": {"columns": {"question": "q", "choices": ["a", 5]}}}},
            "datasets.bundled.columns.choices: expected a column's name or a list of them, got ['a', 5]",
            id="a list of other things",
        ),
    ],
)
def test_a_wrong_type_is_told_with_the_key_and_what_came(
    workspace: "Workspace", edit: dict[str, object], message: str
) -> None:
    workspace.edit(**edit)
    assert refuse() == message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"load": {"sample": "tail"}}, "load.sample: expected 'head' or 'random', got 'tail'"),
        ({"load": {"on_bad_row": "drop"}}, "load.on_bad_row: expected 'stop' or 'skip', got 'drop'"),
        ({"prepare": {"splits": ["dev"]}}, "prepare.splits.0: expected 'train', 'validation' or 'test', got 'dev'"),
        (
            {"teachers": {"smollm2": {"provider": "acme"}}},
            "teachers.smollm2.provider: expected 'local', 'azure' or 'openai', got 'acme'",
        ),
        ({"export": {"keep": "all"}}, "export.keep: expected 'read' or 'correct', got 'all'"),
        ({"export": {"formats": ["csv"]}}, "export.formats.0: expected 'question_answer', got 'csv'"),
    ],
    ids=["sample", "on_bad_row", "splits", "provider", "keep", "formats"],
)
def test_a_wrong_word_is_told_with_the_key_the_legal_ones_and_what_came(
    workspace: "Workspace", edit: dict[str, object], message: str
) -> None:
    workspace.edit(**edit)
    assert refuse() == message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"load": {"train": -1}}, "load.train: expected greater than or equal to 0, got -1"),
        ({"prepare": {"rotations": 0}}, "prepare.rotations: expected greater than or equal to 1, got 0"),
        ({"prepare": {"rotations": 27}}, "prepare.rotations: expected less than or equal to 26, got 27"),
        ({"prepare": {"replicates": 0}}, "prepare.replicates: expected greater than or equal to 1, got 0"),
        (
            {"teachers": {"smollm2": {"temperature": 2.1}}},
            "teachers.smollm2.temperature: expected less than or equal to 2, got 2.1",
        ),
        ({"teachers": {"smollm2": {"top_p": 0}}}, "teachers.smollm2.top_p: expected greater than 0, got 0"),
        (
            {"teachers": {"smollm2": {"max_tokens": 0}}},
            "teachers.smollm2.max_tokens: expected greater than or equal to 1, got 0",
        ),
        ({"analyze": {"explorer_rows": -1}}, "analyze.explorer_rows: expected greater than or equal to 0, got -1"),
        ({"runtime": {"concurrency": 0}}, "runtime.concurrency: expected greater than or equal to 1, got 0"),
        ({"runtime": {"timeout_s": 0}}, "runtime.timeout_s: expected greater than 0, got 0"),
        ({"prepare": {"splits": []}}, "prepare.splits: expected at least 1 item, got []"),
        ({"runtime": {"timeout_s": float("inf")}}, "runtime.timeout_s: expected a finite number, got inf"),
        ({"runtime": {"max_attempts": 0}}, "runtime.max_attempts: expected greater than or equal to 1, got 0"),
        (
            {"runtime": {"max_failed_fraction": 1.5}},
            "runtime.max_failed_fraction: expected less than or equal to 1, got 1.5",
        ),
        ({"prepare": {"splits": ["train", "train"]}}, "prepare.splits: each split may be named once"),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_a_value_out_of_range_is_told_with_the_key_the_bound_and_what_came(
    workspace: "Workspace", edit: dict[str, object], message: str
) -> None:
    workspace.edit(**edit)
    assert refuse() == message


@pytest.mark.parametrize(
    ("edit", "key", "got"),
    [
        ({"prepare": {"splits": []}}, "prepare.splits", "[]"),
        ({"export": {"formats": []}}, "export.formats", "[]"),
        ({"datasets": {"my data": {"path": "x"}}}, "datasets.my data", "'my data'"),
        ({"teachers": {"smollm2": {"credentials": "gpt-4o"}}}, "teachers.smollm2.credentials", "'gpt-4o'"),
    ],
    ids=["no split", "no format", "a name with a space", "credentials that are no variable"],
)
def test_other_wrong_values_are_told_with_the_key_and_what_came(
    workspace: "Workspace", edit: dict[str, object], key: str, got: str
) -> None:
    workspace.edit(**edit)
    message = refuse()
    assert message.startswith(key)
    assert message.endswith(f"got {got}")


@pytest.mark.parametrize(
    ("choice", "legal"),
    [
        ("dataset", "bundled, commonsense_qa"),
        ("prompt", "letter, chain_of_thought"),
        ("teacher", "smollm2, deepseek-v3"),
    ],
)
def test_an_unknown_name_is_told_with_the_names_that_there_are(workspace: "Workspace", choice: str, legal: str) -> None:
    workspace.edit(**{choice: "nope"})
    message = refuse()
    assert message.startswith(f"{choice}: expected one of {legal}")
    assert message.endswith("got 'nope'")


def test_a_missing_key_is_told(workspace: "Workspace") -> None:
    edit_text(workspace, "  replicates: 1\n", "\n")
    assert refuse() == "prepare.replicates: missing; add it"


@pytest.mark.parametrize("content", ["", "- a list\n"], ids=["empty", "list"])
def test_a_file_that_is_no_mapping_is_told_with_the_keys_it_needs(workspace: "Workspace", content: str) -> None:
    workspace.params.write_text(content)
    assert refuse().startswith("the whole file: expected the keys dataset, prompt, teacher, ")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        pytest.param("extra: [1, 2\n", "expected ',' or ']'", id="unclosed bracket"),
        pytest.param("\tkey: 1\n", "tab character", id="tab"),
        pytest.param("extra: *nowhere\n", "undefined alias", id="unknown alias"),
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


def test_a_duplicate_key_in_a_section_is_told_with_its_line(workspace: "Workspace") -> None:
    edit_text(workspace, "  seed: 0\n", "  seed: 0\n  seed: 1\n")
    lines = workspace.params.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if line.startswith("  seed: 1"))
    assert refuse().startswith(f'line {number}: no valid YAML: found duplicate key "seed"')


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


@pytest.mark.parametrize("field", ["system", "user"])
@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param("{questions}", f"{{questions}} is no placeholder; legal are {PLACES}", id="unknown"),
        pytest.param("{}", f"{{}} is no placeholder; legal are {PLACES}", id="positional"),
        pytest.param("{0}", f"{{0}} is no placeholder; legal are {PLACES}", id="numbered"),
        pytest.param("{question:>9}", f"{{question:>9}} is no placeholder; legal are {PLACES}", id="format spec"),
        pytest.param("{question!r}", f"{{question!r}} is no placeholder; legal are {PLACES}", id="conversion"),
        pytest.param("{question.id}", f"{{question.id}} is no placeholder; legal are {PLACES}", id="attribute"),
        pytest.param("{question", "write {{ and }} for braces that are meant as such", id="not closed"),
        pytest.param("question}", "write {{ and }} for braces that are meant as such", id="not opened"),
    ],
)
def test_a_placeholder_that_is_not_one_is_told_with_the_legal_ones(
    workspace: "Workspace", field: str, template: str, message: str
) -> None:
    workspace.edit(prompts={"letter": {field: template}})
    told = refuse()
    assert told.startswith(f"prompts.letter.{field}: ")
    assert message in told


def test_a_prompt_that_is_not_chosen_is_checked_too(workspace: "Workspace") -> None:
    workspace.edit(prompts={"other": {"system": "s", "user": "{topic}"}})
    assert refuse().startswith("prompts.other.user: {topic} is no placeholder")


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


def test_a_missing_file_is_told_with_the_folder_that_was_looked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_params()
    assert str(caught.value) == (
        f"params.yaml: not found in {tmp_path}; run from the project's folder, beside dvc.yaml"
    )


@pytest.fixture(scope="module")
def told_outside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Exit code, stdout and stderr of every stage in a folder that is no project, each in a fresh process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    runs = {
        stage: subprocess.Popen(
            command(stage),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for stage in STAGES
    }
    printed = {stage: run.communicate() for stage, run in runs.items()}
    return {stage: (runs[stage].returncode, *printed[stage]) for stage in STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_outside_the_project_says_so_in_one_sentence(
    told_outside: dict[str, tuple[int, str, str]], stage: str
) -> None:
    status, printed, told = told_outside[stage]
    assert (status, printed) == (1, "")
    assert told.startswith("Error: params.yaml: not found in ")
    assert told.endswith("; run from the project's folder, beside dvc.yaml\n")
    assert told.count("\n") == 1


def list_sections(section: type[Section] = Section) -> Iterator[type[Section]]:
    for child in section.__subclasses__():
        yield child
        yield from list_sections(child)


def test_every_param_is_read() -> None:
    fields = {f"{section.__name__}.{name}" for section in list_sections() for name in section.model_fields}
    assert fields - set.union(*[reads.fields for reads in reads_of_stages().values()]) == set()
    assert len(fields) > 30


def test_every_param_is_in_the_file_or_explained_in_its_comments() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    fields = {name for section in list_sections() for name in section.model_fields}
    assert {name for name in fields if name not in text} == set()


def test_every_choice_of_this_project_names_an_entry_of_its_catalogue() -> None:
    params = Params.model_validate(YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    assert params.dataset in params.datasets
    assert params.prompt in params.prompts
    assert params.teacher in params.teachers
