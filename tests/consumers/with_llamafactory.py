"""LLaMA-Factory: `llamafactory-cli train` on `alpaca` and `sharegpt` of dataset_info.json, two steps each."""

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
    "stage": "sft",
    "do_train": True,
    "finetuning_type": "lora",
    "mask_history": True,
    "cutoff_len": 4096,
    "max_steps": 2,
    "per_device_train_batch_size": 2,
    "report_to": "none",
    "overwrite_cache": True,
}
ROLES = {"human": "user", "gpt": "assistant"}


def check_dataset(folder: Path, file: Path, conversations: list[list[dict]]) -> None:
    """Take two steps, and compare what was read; with `mask_history`, the last answer alone is trained on."""
    name = f"potstill_{file.parent.name}_{file.stem}"
    data = {"dataset_dir": str(file.parents[1]), "dataset": name, "tokenized_path": str(folder / "tokens")}
    places = {"model_name_or_path": str(folder / "model"), "output_dir": str(folder / "out")}
    (folder / "config.yaml").write_text(json.dumps(CONFIG | data | places))
    # It imports torchaudio, for sound; of that there is none for torch built for the CPU, and an empty one will do.
    (folder / "empty").mkdir()
    (folder / "empty/torchaudio.py").touch()
    command = [Path(sys.executable).with_name("llamafactory-cli"), "train", folder / "config.yaml"]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(folder / "empty")}, cwd=folder)
    read_train = load_from_disk(str(folder / "tokens"))["train"]
    for number, (read, messages) in enumerate(zip(read_train, conversations, strict=True)):
        got = TOKENIZER.decode(read["input_ids"]), trained_text(TOKENIZER, read["labels"])
        check_equal(f"{file}, row {number}", got, (render(messages), messages[-1]["content"] + END))
    check_equal("adapter", (folder / "out/adapter_model.safetensors").exists(), True)


def with_system(row: dict, turns: list[tuple[str, str]]) -> list[dict]:
    """Return the messages of turns, after the row's system message where it has one."""
    system = [("system", row["system"])] if row["system"] else []
    return [{"role": role, "content": content} for role, content in [*system, *turns]]


def check_alpaca(folder: Path, file: Path) -> None:
    conversations = []
    for row in read_rows(file):
        pairs = [*row["history"], [row["instruction"], row["output"]]]
        turns = [turn for user, assistant in pairs for turn in (("user", user), ("assistant", assistant))]
        conversations.append(with_system(row, turns))
    check_dataset(folder, file, conversations)


def check_sharegpt(folder: Path, file: Path) -> None:
    turns_of = [[(ROLES[turn["from"]], turn["value"]) for turn in row["conversations"]] for row in read_rows(file)]
    check_dataset(folder, file, [with_system(row, turns) for row, turns in zip(read_rows(file), turns_of, strict=True)])


if __name__ == "__main__":
    run({"alpaca": check_alpaca, "sharegpt": check_sharegpt})
