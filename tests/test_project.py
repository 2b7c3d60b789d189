"""What dvc.yaml, the Makefile and the modules promise each other, read from the files themselves."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.params import Section
from potstill.quality.tables import make_tables
from tests.judged import frames_of
from tests.project import Project
from tests.reads import CHOICES, reads_of_stages

ROOT = Path(__file__).parents[1]
PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
STAGES = list(PIPELINE["stages"])
HEAVY = {"azure", "datasets", "dvc", "jinja2", "matplotlib", "openai", "pandas", "pyarrow", "scipy", "xllamacpp"}
MAY_IMPORT = {
    "load": {"datasets", "pandas", "pyarrow"},  # `datasets` imports the other two
    "prepare": set(),
    "infer": {"azure", "openai"},
    "analyze": {"jinja2", "matplotlib", "pandas", "pyarrow", "scipy"},
    "export": set(),
}


def imported_modules(module: str) -> set[str]:
    """The modules of this project that a module imports, directly or through others, itself included."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        source = Path(importlib.util.find_spec(name).origin).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stages."):
                waiting.append(node.module)
            elif isinstance(node, ast.ImportFrom) and node.module == "stages":
                waiting += [f"stages.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names if alias.name.startswith("stages.")]
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_imported_module_is_a_dep(stage: str) -> None:
    deps = PIPELINE["stages"][stage]["deps"]
    files = {
        Path(importlib.util.find_spec(name).origin).relative_to(ROOT) for name in imported_modules(f"stages.{stage}")
    }
    untracked = {str(file) for file in files if not any(file.is_relative_to(dep) for dep in deps)}
    assert untracked == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_dep_in_stages_is_imported(stage: str) -> None:
    files = {
        Path(importlib.util.find_spec(name).origin).relative_to(ROOT) for name in imported_modules(f"stages.{stage}")
    }
    needless = {
        dep
        for dep in PIPELINE["stages"][stage]["deps"]
        if dep.startswith("stages/") and not any(file.is_relative_to(dep) for file in files)
    }
    assert needless == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_the_heavy_packages_that_it_uses(stage: str) -> None:
    imports = ", ".join(sorted(imported_modules(f"stages.{stage}")))
    script = f"import sys, {imports}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(loaded.stdout.split()) <= MAY_IMPORT[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_described_and_runs_its_own_module(stage: str) -> None:
    assert PIPELINE["stages"][stage]["desc"].endswith(".")
    assert PIPELINE["stages"][stage]["cmd"].startswith(f"python -m stages.{stage} --")


def test_a_stage_reads_only_what_the_stages_before_it_wrote() -> None:
    written = {"data/source"}
    for stage in PIPELINE["stages"].values():
        inputs = {dep for dep in stage["deps"] if not dep.startswith("stages/")}
        assert all(any(Path(dep).is_relative_to(out) for out in written) for dep in inputs)
        written |= set(stage["outs"])


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_pipeline_knows_paths(stage: str) -> None:
    source = (ROOT / f"stages/{stage}.py").read_text(encoding="utf-8")
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and re.search(r"\b(data|reports|logs)/", text)] == []


def test_no_stage_tracks_runtime() -> None:
    tracked = [param for stage in PIPELINE["stages"].values() for param in stage["params"]]
    assert not [param for param in tracked if param.startswith("runtime")]


def tracked_params(stage: str) -> set[str]:
    """The params that a stage tracks, with the choices that `reads_of_stages` ran with filled in."""
    params = PIPELINE["stages"][stage]["params"]
    return {re.sub(r"\$\{(\w+)\}", lambda choice: CHOICES[choice[1]], param) for param in params}


@pytest.mark.parametrize("stage", STAGES)
def test_every_param_that_a_stage_reads_is_tracked(stage: str) -> None:
    may_read = tracked_params(stage) | ({"runtime"} if stage == "infer" else set())
    read = reads_of_stages()[stage].paths
    assert {path for path in read if not any(f"{path}.".startswith(f"{param}.") for param in may_read)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_tracked_param_is_read(stage: str) -> None:
    read = reads_of_stages()[stage].paths
    assert {param for param in tracked_params(stage) if not any(f"{p}.".startswith(f"{param}.") for p in read)} == set()


def test_every_param_is_read() -> None:
    fields = {f"{section.__name__}.{name}" for section in Section.__subclasses__() for name in section.model_fields}
    assert fields - set.union(*[reads.fields for reads in reads_of_stages().values()]) == set()
    assert len(fields) > 30


def test_the_confusion_plot_has_answers_across_and_gold_down() -> None:
    (plot,) = [plot["confusion"] for plot in PIPELINE["plots"] if "confusion" in plot]
    assert (plot["x"], plot["x_label"]) == ("answer", "letter read")
    assert (plot["y"], plot["y_label"]) == ({"reports/tables/readings.csv": "gold"}, "gold")


@pytest.mark.parametrize("plot", [plot for named in PIPELINE["plots"] for plot in named.values()])
def test_every_plot_is_of_columns_that_its_table_has(plot: dict) -> None:
    ((path, column),) = plot["y"].items()
    assert {plot["x"], column} <= set(make_tables(frames_of())[Path(path).stem])


def test_the_environment_that_is_filled_is_the_projects_own_whatever_else_is_active() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "uv pip sync" in line]
    assert lines
    assert all("--python .venv" in line for line in lines)


def test_clean_removes_what_the_pipeline_wrote_and_no_answer(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.make()
    project.environment |= {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / ".local/share")}
    outs = {out for stage in PIPELINE["stages"].values() for out in stage["outs"]}
    written = {*outs, "logs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
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


def test_the_lock_names_no_host_and_hashes_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    packages = re.findall(r"^[a-z0-9][^\s=]*==.*\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)*)", lock, re.MULTILINE)
    assert len(packages) > 100
    assert all(packages)


def test_the_lock_holds_every_direct_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    wanted = re.findall(r'^    "([a-z0-9.-]+)",$', project, re.MULTILINE)
    lock = (ROOT / "requirements.lock").read_text()
    assert wanted
    assert [name for name in wanted if f"\n{name.replace('.', '-')}==" not in lock] == []
