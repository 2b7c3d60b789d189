"""Olive: `olive finetune` on `question_answer` with a text template, on `messages` with the chat template."""

import os
import subprocess
import sys
from pathlib import Path

from checks import check_equal, read_rows, render, run
from datasets import Dataset
from tiny_model import END, make_tokenizer

TEMPLATE = f"<|user|>{{Question}}{END}<|assistant|>{{Answer}}{END}"
JOINER = "\n\n"
SEQUENCE = 256
TOKENIZER = make_tokenizer()


def check_command(folder: Path, file: Path, texts: list[str], *options: str) -> None:
    """Take two steps, and compare what the command trained on, which it leaves in the cache.

    It joins the texts, cuts them into sequences, leaves out what is left at the end, and trains on all of the rest.
    """
    command = [
        Path(sys.executable).with_name("olive"),
        "finetune",
        "-m",
        folder / "model",
        "-d",
        "json",
        "--data_files",
        file,
    ]
    command += [*options, "--torch_dtype", "float32", "--max_seq_len", str(SEQUENCE), "--max_samples", "1000000"]
    command += ["-o", folder / "out", "--max_steps", "2"]
    cache = {"HF_DATASETS_CACHE": str(folder / "cache"), "OLIVE_DISABLE_TELEMETRY": "1"}
    subprocess.run(command, check=True, env=os.environ | cache, cwd=folder)
    (arrow,) = (folder / "cache/generator").rglob("*.arrow")
    ids = []
    for read in Dataset.from_file(str(arrow)):
        check_equal("labels", read["labels"], read["input_ids"])
        ids += read["input_ids"]
    joined = "".join(text + JOINER for text in texts)
    got = TOKENIZER.decode(ids)
    check_equal(f"text of {file}", got, joined[: len(got)])
    left_out = len(TOKENIZER.encode(joined)) - len(ids)
    check_equal(
        f"of {left_out} tokens at the end of {file}, fewer than a sequence left out", left_out <= SEQUENCE, True
    )
    check_equal("adapter", (folder / "out/adapter/adapter_model.safetensors").exists(), True)


def check_question_answer(folder: Path, file: Path) -> None:
    texts = [TEMPLATE.format(**row) for row in read_rows(file)]
    check_command(folder, file, texts, "--text_template", TEMPLATE)


def check_messages(folder: Path, file: Path) -> None:
    texts = [render(row["messages"]) for row in read_rows(file)]
    check_command(folder, file, texts, "--use_chat_template")


if __name__ == "__main__":
    run({"question_answer": check_question_answer, "messages": check_messages})
