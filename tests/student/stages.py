"""Run stages of students in one process of student/.venv: importing torch takes longer than they do.

`python -m tests.student.stages JSON`: a list of [folder, stage, *options]; prints [exit code, output] of each as JSON.
The stage `tiny` writes a random model of two layers with SmolLM2's tokenizer, which llama.cpp's converter knows.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from click.testing import CliRunner

from student.core.libraries import quiet_libraries


def write_tiny_model(folder: Path) -> None:
    """Write the random model, the same each time."""
    import torch  # noqa: PLC0415 (here alone in student/.venv)
    from transformers import AutoTokenizer  # noqa: PLC0415

    from student.chat.base import find_bundled  # noqa: PLC0415
    from tests.consumers.tiny_model import make_model  # noqa: PLC0415

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(**find_bundled())
    tokenizer.save_pretrained(folder)
    make_model(tokenizer).save_pretrained(folder)


def run_stage(folder: str, stage: str, *options: str) -> tuple[int, str]:
    """Return a stage's exit code and its words, in a folder with its own student/params.yaml."""
    os.chdir(folder)
    if stage == "tiny":
        write_tiny_model(Path(*options))
        return 0, ""
    result = CliRunner().invoke(importlib.import_module(f"student.{stage}").main, options)
    if result.exception and not isinstance(result.exception, SystemExit):
        return 70, "".join(traceback.format_exception(result.exception))
    return result.exit_code, result.output


if __name__ == "__main__":
    quiet_libraries()
    for call in json.loads(sys.argv[1]):
        print(json.dumps(run_stage(*call)), flush=True)
