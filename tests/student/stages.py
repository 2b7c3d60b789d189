"""Run stages of students in one process of student/.venv: importing torch takes longer than they do.

`python -m tests.student.stages JSON`: a list of [folder, stage, *options]; prints [exit code, output] of each as JSON.
The stage `tiny` writes a random model of two layers with SmolLM2's tokenizer, which llama.cpp's converter knows;
`encoder` a random sentence encoder of one layer; `merge` prints how far a model is from what LoRA's matrices should
have made of it, as a share of what they change.
"""

import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from student.core.libraries import quiet_libraries

ROOT = Path(__file__).parents[2]
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] where do ferrets foxes owls moles live in a den bank moon ? 0 1 2 3 4 5 6 7 8 9"
Call = list[str]


def start_stages(python: Path, calls: list[Call]) -> subprocess.Popen[str]:
    """Start stages, one after the other in one process, without a network, a GPU, and more than one core."""
    alone = {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [python, "-m", "tests.student.stages", json.dumps(calls)],
        cwd=ROOT, env=os.environ | alone, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run_stages(python: Path, calls: list[Call]) -> list[tuple[int, str]]:
    """Return the exit code and the words of each stage."""
    process = start_stages(python, calls)
    words, errors = process.communicate()
    assert process.returncode == 0, errors
    return [tuple(json.loads(line)) for line in words.splitlines()]


def kill_when(process: subprocess.Popen[str], checkpoints: Path, pattern: str) -> Path:
    """Kill a process as soon as a file of a name is among its checkpoints, and return that file."""
    try:
        while not (found := next(checkpoints.rglob(pattern), None)):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
    finally:
        process.kill()
        process.communicate()
    return found


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


def write_tiny_encoder(folder: Path) -> None:
    """Write a sentence encoder that needs no download: one layer of random weights, a token for each of a few words."""
    import torch  # noqa: PLC0415 (likewise)
    from transformers import BertConfig, BertModel, BertTokenizer  # noqa: PLC0415

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()))
    tokenizer = BertTokenizer.from_pretrained(folder, model_max_length=24)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=24,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


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
    if stage in HELPERS:
        return 0, str(HELPERS[stage](*map(Path, options)))
    result = CliRunner().invoke(importlib.import_module(f"student.{stage}").main, options)
    if result.exception and not isinstance(result.exception, SystemExit):
        return 70, "".join(traceback.format_exception(result.exception))
    return result.exit_code, result.output


HELPERS: dict[str, Callable[..., Any]] = {
    "tiny": write_tiny_model, "encoder": write_tiny_encoder, "merge": measure_merge,
}  # fmt: skip

if __name__ == "__main__":
    quiet_libraries()
    for call in json.loads(sys.argv[1]):
        print(json.dumps(run_stage(*call)), flush=True)
