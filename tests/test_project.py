"""What dvc.yaml, the Makefile, pyproject.toml and the modules promise each other, read from the files themselves."""

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from ruamel.yaml import YAML

from docs.tables import list_paths
from potstill.core.sections import Section
from potstill.quality.frames import LISTED_COLUMNS
from potstill.quality.tables import make_tables
from tests.judged import frames_of
from tests.project import Project
from tests.reads import CHOICES, reads_of_stages

ROOT = Path(__file__).parents[1]
PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
STAGES = list(PIPELINE["stages"])
CODE = ("stages", "student", "potstill")
HEAVY = {
    "azure", "datasets", "dvc", "genai_prices", "jinja2", "matplotlib", "openai", "pandas", "pyarrow", "ray", "scipy",
    "xllamacpp",
}  # fmt: skip
MAY_IMPORT = {
    "load": {"datasets", "pyarrow"},
    "prepare": set(),
    "infer": {"azure", "genai_prices", "openai", "ray", "xllamacpp"},
    "analyze": {"genai_prices", "jinja2", "matplotlib", "pandas", "scipy"},
    "export": {"jinja2", "pyarrow", "scipy"},
}
NOT_CODE = shutil.ignore_patterns("__pycache__", ".venv", "models", "checkpoints")
MOST_LINES = {"stages": 80, "student": 250, "potstill": 250}
# One for each contract, in the order of pyproject.toml.
WRONG_IMPORTS = {
    "potstill/core/letters.py": "potstill.quality.verdicts",
    "potstill/commands/push.py": "potstill.commands.pull",
    "potstill/quality/verdicts.py": "potstill.teacher.store.keys",
    "potstill/training_set/formats.py": "potstill.teacher.api.replies",
    "potstill/sharing/formatting.py": "potstill.reading.judging",
    "potstill/core/records.py": "potstill.core.params",
}


@functools.cache
def import_graph() -> grimp.ImportGraph:
    return grimp.build_graph(*CODE, include_external_packages=True, cache_dir=None)


def imported_modules(stage: str) -> set[str]:
    """The modules that a stage's script imports, directly or through others, at its top or later, itself included."""
    return {f"stages.{stage}"} | import_graph().find_upstream_modules(f"stages.{stage}")


def imported_files(stage: str) -> set[Path]:
    """The files of those modules that are this project's own."""
    paths = [Path(*module.split(".")) for module in imported_modules(stage) if module.startswith(CODE)]
    return {path.with_suffix(".py") for path in paths if not (ROOT / path).is_dir()}


def is_code(dep: str) -> bool:
    return Path(dep).parts[0] in CODE


@pytest.mark.parametrize("stage", STAGES)
def test_the_deps_of_a_stage_are_the_folders_of_what_it_imports(stage: str) -> None:
    code = {dep for dep in PIPELINE["stages"][stage]["deps"] if is_code(dep)}
    files = imported_files(stage)
    assert {str(file) for file in files if not any(file.is_relative_to(dep) for dep in code)} == set()
    assert {dep for dep in code if not any(file.is_relative_to(dep) for file in files)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_the_heavy_packages_that_it_uses(stage: str) -> None:
    assert HEAVY & imported_modules(stage) <= MAY_IMPORT[stage]


def test_a_light_stage_loads_nothing_heavy_through_what_it_imports() -> None:
    modules = sorted(module for module in imported_modules("prepare") if module.startswith(CODE))
    script = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(loaded.stdout.split()) == set()


def test_each_contract_of_the_imports_is_broken_by_a_wrong_one(tmp_path: Path) -> None:
    for name in CODE:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_CODE)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, module in WRONG_IMPORTS.items():
        with (tmp_path / name).open("a") as file:
            file.write(f"\nimport {module}\n")
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Contracts: 0 kept, {len(WRONG_IMPORTS)} broken." in done.stdout


@pytest.mark.parametrize("package", CODE)
def test_no_module_is_too_long_to_read(package: str) -> None:
    files = (file for file in (ROOT / package).rglob("*.py") if ".venv" not in file.parts)
    lengths = {file: file.read_text(encoding="utf-8").count("\n") for file in files}
    assert {str(file): lines for file, lines in lengths.items() if lines > MOST_LINES[package]} == {}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_described_and_runs_its_own_module(stage: str) -> None:
    assert PIPELINE["stages"][stage]["desc"].endswith(".")
    assert PIPELINE["stages"][stage]["cmd"].startswith(f"python -m stages.{stage} --")


def test_a_stage_reads_only_what_the_stages_before_it_wrote() -> None:
    written = {"data/source"}
    for stage in PIPELINE["stages"].values():
        inputs = {dep for dep in stage["deps"] if not is_code(dep)}
        assert all(any(Path(dep).is_relative_to(out) for out in written) for dep in inputs)
        written |= {path for out in stage["outs"] for path in list_paths(out)}


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_pipeline_knows_paths(stage: str) -> None:
    source = (ROOT / f"stages/{stage}.py").read_text(encoding="utf-8")
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and re.search(r"\b(data|reports|logs)/", text)] == []


def test_no_stage_tracks_runtime_and_analyze_alone_the_prices() -> None:
    tracked = [param for stage in PIPELINE["stages"].values() for param in stage["params"]]
    assert not [param for param in tracked if param.startswith("runtime")]
    assert [name for name, stage in PIPELINE["stages"].items() if "price_per_million" in stage["params"]] == ["analyze"]


def tracked_params(stage: str) -> set[str]:
    """The params that a stage tracks, with the choices that `reads_of_stages` ran with filled in."""
    params = PIPELINE["stages"][stage]["params"]
    return {re.sub(r"\$\{(\w+)\}", lambda choice: CHOICES[choice[1]], param) for param in params}


def begins_with_any(path: str, params: set[str]) -> bool:
    return any(f"{path}.".startswith(f"{param}.") for param in params)


def test_a_stage_tracks_the_params_that_it_reads_and_reads_those_that_it_tracks() -> None:
    for stage, reads in reads_of_stages().items():
        tracked = tracked_params(stage)
        may_read = tracked | ({"runtime", "price_per_million"} if stage == "infer" else set())
        assert {path for path in reads.paths if not begins_with_any(path, may_read)} == set(), stage
        needed = {param for param in tracked if any(begins_with_any(path, {param}) for path in reads.paths)}
        assert tracked - needed == set(), stage


def test_every_param_is_read() -> None:
    sections = [section for section in Section.__subclasses__() if section.__module__.startswith("potstill.")]
    fields = {f"{section.__name__}.{name}" for section in sections for name in section.model_fields}
    assert fields - set.union(*[reads.fields for reads in reads_of_stages().values()]) == set()
    assert len(fields) > 30


def test_the_confusion_plot_has_answers_across_and_gold_down() -> None:
    (plot,) = [plot["confusion"] for plot in PIPELINE["plots"] if "confusion" in plot]
    assert (plot["x"], plot["x_label"]) == ("answer", "letter read")
    assert (plot["y"], plot["y_label"]) == ({"reports/tables/readings.csv": "gold"}, "gold")


@pytest.mark.parametrize("plot", [plot for named in PIPELINE["plots"] for plot in named.values()])
def test_every_plot_is_of_columns_that_its_table_has(plot: dict) -> None:
    ((path, column),) = plot["y"].items()
    tables = make_tables(frames_of()) | {"readings": LISTED_COLUMNS}
    assert {plot["x"], column} <= set(tables[Path(path).stem])


def test_the_environment_that_is_filled_is_the_projects_own_whatever_else_is_active() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "uv pip sync" in line]
    assert lines
    assert all("--python .venv" in line for line in lines)


def test_clean_removes_what_the_pipeline_wrote_and_no_answer(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.make()
    project.environment |= {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / ".local/share")}
    outs = {path for stage in PIPELINE["stages"].values() for out in stage["outs"] for path in list_paths(out)}
    written = {*outs, "logs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}
    written.add("reports/compare")
    files = {name if Path(name).suffix else f"{name}/file" for name in written}
    kept = {"data/ledger/0a1b.jsonl", "data/ledger.dvc", ".dvc/cache/files/md5/0a/1b", ".env"}
    journals = {project.environment["POTSTILL_JOURNAL"], tmp_path / ".local/share/potstill/journal.sqlite"}
    for path in {project.folder / name for name in files | kept | journals}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    done = project.run("make", "clean")
    assert done.returncode == 0, done.stderr
    assert {path for path in before if not path.exists()} == {project.folder / name for name in files}
    assert {name for name in written if (project.folder / name).exists()} == set()


def test_every_goal_of_the_makefile_is_explained_by_help_and_by_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text()
    goals = set(re.search(r"\.PHONY: (.*)", makefile)[1].split())
    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[0] for line in helped.splitlines()} == goals
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {goal for goal in goals if f"make {goal}" not in readme} == set()


@pytest.mark.parametrize(
    ("name", "least"), [("requirements.lock", 100), ("requirements-ray.lock", 10), ("student/requirements.lock", 100)]
)
def test_a_lock_names_no_host_and_hashes_every_package(name: str, least: int) -> None:
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    packages = re.findall(r"^[a-z0-9][^\s=]*==.*\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)*)", lock, re.MULTILINE)
    assert len(packages) > least
    assert all(packages)


def test_the_locks_hold_every_direct_dependency_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    locked, extra, student = (
        dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-ray.lock", "student/requirements.lock")
    )
    assert set(project["dependency-groups"]["ray"]) <= set(extra)
    by_pip = set((ROOT / "student/torch.txt").read_text().split("==")[:1])
    assert {name.replace(".", "-") for name in project["dependency-groups"]["student"]} - by_pip <= set(student)
    assert student.keys() & by_pip == set()
    for other in (extra, student):
        assert {name: version for name, version in other.items() if locked.get(name, version) != version} == {}
    assert {re.sub(r"[._]", "-", re.split(r"[\[;]", name)[0]) for name in wanted} - set(locked) == set()
