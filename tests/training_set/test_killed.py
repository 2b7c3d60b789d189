"""An export that is killed at any moment leaves the one before it or its own, whole."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from potstill.core.folder_hash import hash_folder
from tests.project import ROOT, command
from tests.training_set.splits import ask, make_question, write_inputs

if TYPE_CHECKING:
    from tests.conftest import Workspace

KILLS = 12


def start(workspace: "Workspace", seed: int) -> subprocess.Popen[bytes]:
    """Start the stage with the seed that says which letters it teaches."""
    workspace.edit(export={"seed": seed})
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command("export"), env=os.environ | {"PYTHONPATH": str(ROOT)}, **quiet)


@pytest.mark.slow
def test_a_kill_leaves_the_old_export_or_the_new_one(workspace: "Workspace") -> None:
    write_inputs(workspace, train=[ask(make_question(number), ["B"]) for number in range(1000)])
    workspace.edit(prompts={"letter": {"letter_only": True}})
    workspace.edit(export={"formats": ["messages", "soft_labels"], "balance": "rotate"})
    whole, took = [], 0.0
    for seed in (0, 1):
        began = time.monotonic()
        assert start(workspace, seed).wait() == 0
        took = time.monotonic() - began
        whole.append(hash_folder(Path("data/export")))
    assert whole[0] != whole[1]
    left = []
    for kill in range(KILLS):
        process = start(workspace, kill % 2)
        time.sleep(random.Random(kill).uniform(0.5, 1.5) * took)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left.append(hash_folder(Path("data/export")))
    assert set(left) <= set(whole)
    assert start(workspace, 0).wait() == 0
    assert hash_folder(Path("data/export")) == whole[0]
    assert [path.name for path in Path("data").glob("export*")] == ["export"]
