"""Run stages of students in one process of student/.venv: importing torch takes longer than they do.

`python -m tests.student.stages JSON`: a list of [folder, stage, *options]; prints [exit code, output] of each as JSON.
The stage `tiny` writes a random model of two layers with SmolLM2's tokenizer, which llama.cpp's converter knows;
`merge` prints how far a model is from what LoRA's matrices should have made of it, as a share of what they change.
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


def measure_merge(base: Path, adapter: Path, merged: Path) -> float:
    """Return how far merged weights are from base + 2 B A (LoRA's alpha is 2 r here), over the norm of 2 B A."""
    from safetensors.torch import load_file  # noqa: PLC0415 (likewise)

    from student.chat.conversion import merge  # noqa: PLC0415

    merge(base, adapter, merged)
    before, after = (load_file(folder / "model.safetensors") for folder in (base, merged))
    lora = load_file(adapter / "adapter_model.safetensors")
    missed = changed = 0.0
    for name, first in lora.items():
        if ".lora_A." in name:
            delta = 2 * lora[name.replace(".lora_A.", ".lora_B.")] @ first
            weight = name.removeprefix("base_model.model.").replace(".lora_A.", ".")
            missed += float((after[weight].float() - before[weight].float() - delta).square().sum())
            changed += float(delta.square().sum())
    return (missed / changed) ** 0.5


def run_stage(folder: str, stage: str, *options: str) -> tuple[int, str]:
    """Return a stage's exit code and its words, in a folder with its own student/params.yaml."""
    os.chdir(folder)
    if stage == "tiny":
        write_tiny_model(Path(*options))
        return 0, ""
    if stage == "merge":
        return 0, str(measure_merge(*map(Path, options)))
    result = CliRunner().invoke(importlib.import_module(f"student.{stage}").main, options)
    if result.exception and not isinstance(result.exception, SystemExit):
        return 70, "".join(traceback.format_exception(result.exception))
    return result.exit_code, result.output


if __name__ == "__main__":
    quiet_libraries()
    for call in json.loads(sys.argv[1]):
        print(json.dumps(run_stage(*call)), flush=True)
