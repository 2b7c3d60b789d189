import os
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.core.folders import put_in_place, replacing_folder


def read_tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write_tree(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_a_folder_is_replaced_with_all_that_it_held(tmp_path: Path) -> None:
    path = write_tree(tmp_path / "export", old="1", both="1")
    with replacing_folder(path) as folder:
        write_tree(folder / "deep", new="2")
        (folder / "both").write_text("2")
        assert read_tree(path) == {"old": "1", "both": "1"}
    assert read_tree(tmp_path) == {"export/deep/new": "2", "export/both": "2"}


def test_a_folder_stays_as_it_was_after_an_error(tmp_path: Path) -> None:
    path = write_tree(tmp_path / "export", old="1")
    with pytest.raises(ValueError, match="no"), replacing_folder(path) as folder:
        (folder / "new").write_text("2")
        raise ValueError("no")
    assert read_tree(tmp_path) == {"export/old": "1"}


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_tree(tmp_path / f"export.{gone.pid}.part", half="1")
    write_tree(tmp_path / f"export.{os.getppid()}.part", half="1")
    with replacing_folder(tmp_path / "export") as folder:
        (folder / "new").write_text("2")
    assert read_tree(tmp_path) == {"export/new": "2", f"export.{os.getppid()}.part/half": "1"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot exchange two folders so")
def test_the_old_folder_is_exchanged_with_the_new_one_in_one_step(tmp_path: Path) -> None:
    old, new = write_tree(tmp_path / "old", one="1"), write_tree(tmp_path / "new", two="2")
    put_in_place(new, old)
    assert read_tree(tmp_path) == {"old/two": "2", "new/one": "1"}
