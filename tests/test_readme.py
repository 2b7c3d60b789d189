"""The README is true today: its commands run, its params are legal, its links lead somewhere."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.catalogues import Teacher
from potstill.core.params import Params
from tests.documents import README, ROOT, SHARING, code_blocks, commands, merge_recipe, with_tests_python
from tests.engineers import first_engineer
from tests.project import Project
from tests.servers.azurite import Azurite
from tests.stores import UNCLOSED, azure_store

pytestmark = UNCLOSED


def commands_of_ci() -> set[str]:
    """The lines of .ci/run, and what `make check`, which it runs, is made of: `make test-all` runs these tests."""
    lines = {line.partition(" |")[0].strip() for line in (ROOT / ".ci/run").read_text().splitlines()}
    check = re.search(r"^check: (.*?) ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return lines | {f"make {goal}" for goal in [*check[1].split(), "test"]}


def test_the_quick_start_is_two_commands_that_ci_runs() -> None:
    quick_start = code_blocks("bash", README)[0].splitlines()
    assert len(quick_start) == 2
    assert {line.partition(" #")[0].strip() for line in quick_start} <= commands_of_ci()


def test_every_command_that_ci_does_not_run_works(project: Project, azurite: Azurite) -> None:
    ada = first_engineer(project)
    ada.environment |= azure_store(azurite).environment
    ada.commit("Run")
    lines = [line for text in (README, SHARING) for block in code_blocks("bash", text) for line in commands(block)]
    elsewhere = commands_of_ci() | set(merge_recipe())  # which test_sharing.py follows
    for command in [line for line in dict.fromkeys(lines) if line not in elsewhere]:
        done = ada.run("bash", "-c", with_tests_python(command))
        assert done.returncode == 0, f"{command}: {done.stderr}"


def merge(base: dict, edits: dict) -> dict:
    both = {key: merge(base[key], edits[key]) for key in base.keys() & edits.keys() if isinstance(edits[key], dict)}
    return base | edits | both


@pytest.mark.parametrize("block", code_blocks("yaml", README))
def test_every_params_example_is_legal_and_chooses_what_it_adds(block: str) -> None:
    edits = YAML(typ="safe").load(block)
    params = Params.model_validate(merge(YAML(typ="safe").load((ROOT / "params.yaml").read_text()), edits))
    assert params.dataset in params.datasets
    assert params.teacher in params.teachers


def test_every_entry_of_the_table_of_teachers_is_legal_and_each_provider_is_there() -> None:
    entries = re.findall(r"^\|.*`(\{provider: [^`]*\})`", README, re.MULTILINE)
    teachers = [Teacher.model_validate(YAML(typ="safe").load(entry)) for entry in entries]
    assert {teacher.provider for teacher in teachers} == {"azure", "openai", "local"}


def test_every_link_and_picture_is_there() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_tree_names_what_exists() -> None:
    tree = next(block for block in code_blocks("", README) if block.startswith("params.yaml"))
    paths, parent = [], Path()
    for line in tree.splitlines():
        indent, names = re.match(r"( *)([^ ,]+(?:, [^ ,]+)*)", line).groups()
        paths += [(parent if indent else Path()) / name for name in names.split(", ")]
        parent = parent if indent else paths[-1]
    made_by_the_stages = {Path("reports"), Path("logs/infer.json")}
    assert {path for path in paths if not (ROOT / path).exists()} <= made_by_the_stages
