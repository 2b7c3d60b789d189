"""Axolotl: `axolotl train` on `messages` with the model's chat template, two steps."""

import json
import os
import subprocess
import sys
from pathlib import Path

from checks import check_equal, read_rows, render, run, trained_text
from datasets import load_from_disk
from tiny_model import END, make_tokenizer

TOKENIZER = make_tokenizer()
CONFIG = {
    "adapter": "lora",
    "lora_r": 8,
    "lora_alpha": 16,
    "lora_target_linear": True,
    "lora_mlp_kernel": False,
    "lora_qkv_kernel": False,
    "lora_o_kernel": False,
    "sequence_len": 4096,
    "micro_batch_size": 2,
    "gradient_accumulation_steps": 1,
    "dataset_num_proc": 1,
    "max_steps": 2,
    "learning_rate": 0.0002,
    "lr_scheduler": "cosine",
    "optimizer": "adamw_torch",
}


def check_messages(folder: Path, file: Path) -> None:
    """What the assistant says is trained on, worked examples included; the rest is read."""
    data = {
        "datasets": [{"path": str(file), "type": "chat_template"}],
        "dataset_prepared_path": str(folder / "prepared"),
    }
    places = {"base_model": str(folder / "model"), "output_dir": str(folder / "out")}
    (folder / "config.yaml").write_text(json.dumps(CONFIG | data | places))
    programs = Path(sys.executable).parent
    quiet = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "AXOLOTL_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1"}
    subprocess.run(
        [programs / "axolotl", "train", folder / "config.yaml"], check=True, env=os.environ | quiet, cwd=folder
    )
    (prepared,) = [path for path in (folder / "prepared").iterdir() if path.is_dir()]
    got = sorted(
        (TOKENIZER.decode(read["input_ids"]), trained_text(TOKENIZER, read["labels"]))
        for read in load_from_disk(str(prepared))
    )
    conversations = [row["messages"] for row in read_rows(file)]
    said = ["".join(m["content"] + END for m in messages if m["role"] == "assistant") for messages in conversations]
    expected = sorted(zip(map(render, conversations), said, strict=True))
    check_equal(f"rows of {file}", len(got), len(expected))
    for read, row in zip(got, expected, strict=True):
        check_equal(f"a row of {file}", read, row)
    check_equal("adapter", (folder / "out/adapter_model.safetensors").exists(), True)


if __name__ == "__main__":
    run({"messages": check_messages})
