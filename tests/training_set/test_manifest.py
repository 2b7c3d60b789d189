import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from potstill.commands.verify import main
from potstill.core.errors import InputError
from potstill.training_set.manifest import MANIFEST, find_differences, list_files, read_manifest, write_manifest
from tests.training_set.sets import FORMATS, write_files

ROOT = Path(__file__).parents[2]
VERIFY = [sys.executable, "-X", "importtime", "-m", "potstill", "verify", "--export", "sets/v1"]
AS_WRITTEN = "14 files, 49 rows, as manifest.json says\n"
LABELS = "soft_labels/train.parquet"
LINES = "messages/train.jsonl"

Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training set with its manifest."""
    folder = write_files(tmp_path_factory.mktemp("written"))
    write_manifest(folder, {"warnings": ["\N{SNOWMAN}"]})
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(written, tmp_path / "export")


def replace_byte(path: Path) -> None:
    """Change one byte of a file and nothing else, so that its size and its lines stay."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_manifest_lists_hash_bytes_and_rows_of_each_file_by_path(folder: Path) -> None:
    (folder / "README.md").write_text("one\ntwo\n")
    files = list_files(folder)
    assert list(files) == sorted(["README.md", *(str(p.relative_to(folder)) for p in folder.glob("*/*"))])
    assert len(files) == 1 + 2 * len(FORMATS)
    content = (folder / LINES).read_bytes()
    assert files[LINES] == {"sha256": sha256(content).hexdigest(), "bytes": len(content), "rows": 4}
    assert files["soft_labels/validation.parquet"]["rows"] == 3
    assert files["README.md"] | {"sha256": ""} == {"sha256": "", "bytes": 8, "rows": None}


def test_a_manifest_is_written_after_what_is_given_and_the_same_twice(written: Path, folder: Path) -> None:
    assert list(read_manifest(folder)) == ["warnings", "files"]
    write_manifest(folder, {"warnings": ["\N{SNOWMAN}"]})
    assert (folder / MANIFEST).read_bytes() == (written / MANIFEST).read_bytes()
    assert "\N{SNOWMAN}" in (folder / MANIFEST).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "difference"),
    [
        pytest.param(lambda folder: replace_byte(folder / LINES), f"{LINES} has the sha256 ", id="a byte"),
        pytest.param(lambda folder: replace_byte(folder / LABELS), f"{LABELS} has the sha256 ", id="a byte of parquet"),
        pytest.param(lambda folder: (folder / LABELS).write_bytes(b"PAR1"), f"{LABELS} has 4 bytes, not ", id="cut"),
        pytest.param(lambda folder: (folder / LINES).unlink(), f"{LINES} is missing", id="removed"),
        pytest.param(
            lambda folder: (folder / "messages/test.jsonl").touch(),
            "messages/test.jsonl is not in manifest.json",
            id="added",
        ),
    ],
)
def test_what_differs_from_the_manifest_is_told(folder: Path, edit: Edit, difference: str) -> None:
    edit(folder)
    differences = find_differences(folder)
    done = CliRunner().invoke(main, ["--export", str(folder)])
    assert len(differences) == 1
    assert differences[0].startswith(difference)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert f"expected the files that manifest.json lists, but {differences[0]}. `make pull FORCE=1` " in done.stderr


def test_of_many_differences_some_are_told_and_the_rest_counted(folder: Path) -> None:
    for name in FORMATS:
        shutil.rmtree(folder / name)
    done = CliRunner().invoke(main, ["--export", str(folder)])
    assert done.stderr.count("is missing") == 5
    assert "; and 9 more. `make pull" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a manifest, found none; `make pull` brings it, `make repro` makes it"),
        ("{", "expected the manifest of a training set"),
        ("[]", "expected the manifest of a training set"),
        ('{"formats": ["question_answer"]}', "expected the manifest of a training set"),
        ('{"files": {"a": {"sha256": ""}}}', "expected the manifest of a training set"),
    ],
    ids=["missing", "no JSON", "no object", "of an older version", "a file without its size"],
)
def test_a_manifest_that_is_none_is_told(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / MANIFEST}: {message}")


def test_an_export_is_verified_without_a_project_and_without_dvc(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "sets/v1")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(VERIFY, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"sets/v1: {AS_WRITTEN}"
    imported = {line.rpartition(" ")[2] for line in done.stderr.splitlines()}
    assert "potstill.training_set.manifest" in imported
    assert imported.isdisjoint({"dvc", "datasets", "huggingface_hub"})
