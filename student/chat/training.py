"""A language model is taught conversations by TRL: seeded, checkpointed, on a GPU where there is one."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import torch
from datasets import Dataset
from dvclive import Live
from jinja2 import TemplateError
from peft import LoraConfig
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
)
from trl import SFTConfig, SFTTrainer

from potstill.core.errors import InputError
from potstill.core.records import read_json, write_json
from student.core.params import Chat
from student.core.runs import Run
from student.core.training_set import shuffle_labels

LIBRARIES = ("accelerate", "peft", "torch", "transformers", "trl")
UNDECIDING = {"model", "revision", "onnx", "save_steps", "max_tokens"}  # they leave the weights as they are
ADAPTER = "adapter_config.json"  # peft's name for the file
WHOLE = "whole"  # a file in a checkpoint that was written to its end
PROGRESS_S = 60
CURVES = {"loss": "train/loss", "learning_rate": "train/learning_rate"}


@dataclass(frozen=True)
class Lesson:
    """What is taught to which model, and how: all that decides the weights."""

    run: Run
    chat: Chat
    path: Path
    conversations: list[list[dict[str, str]]]
    base: Path

    @cached_property
    def rows(self) -> list[dict[str, list[dict[str, str]]]]:
        """Return prompts and completions, which are shuffled for a control."""
        completions = [messages[-1:] for messages in self.conversations]
        if self.run.arm == "control":
            completions = shuffle_labels(completions, self.run.seed)
        prompts = [messages[:-1] for messages in self.conversations]
        return [{"prompt": one, "completion": other} for one, other in zip(prompts, completions, strict=True)]

    def compute_key(self) -> str:
        """Return what names its checkpoints: only a training that would end in the same weights has the same."""
        weights = {file.name: _hash_file(file) for file in sorted(self.base.iterdir()) if file.is_file()}
        facts = [
            self.rows, self.run.seed, self.chat.model_dump(exclude=UNDECIDING), weights,
            {name: version(name) for name in LIBRARIES}, torch.cuda.is_available(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def train(lesson: Lesson, checkpoints: Path, model: Path, curves: Path) -> str:
    """Write the trained model and its curves, from the last checkpoint if there is one; return what was done."""
    started = time.monotonic()
    tokenizer = AutoTokenizer.from_pretrained(lesson.base)
    check_lengths(lesson, tokenizer)
    folder = checkpoints / f"{lesson.run}-{lesson.compute_key()}"
    checkpoint = find_checkpoint(folder)
    with explaining_memory():
        trainer = build_trainer(lesson, tokenizer, folder)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    write_model(trainer, tokenizer, model)
    write_curves(trainer.state.log_history, curves)
    for mark in folder.glob(f"checkpoint-*/{WHOLE}"):
        mark.unlink()  # first, since a kill in the next line may leave a checkpoint without its files
    shutil.rmtree(folder, ignore_errors=True)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    resumed = f", of which {checkpoint.name.rpartition('-')[2]} were done before" if checkpoint else ""
    return (
        f"{lesson.run}: {len(lesson.rows):,} rows in {trainer.state.global_step:,} steps{resumed}; "
        f"loss {losses[0]:.2f} in the first step, {losses[-1]:.2f} in the last; {time.monotonic() - started:.0f} s"
    )


def check_lengths(lesson: Lesson, tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise InputError if a row has more tokens than the params or the model allow, or is no chat to its template."""
    config = AutoConfig.from_pretrained(lesson.base)
    context = getattr(config, "max_position_embeddings", None) or lesson.chat.max_tokens
    limit = min(lesson.chat.max_tokens, context)
    for number, row in enumerate(lesson.rows, start=1):
        try:
            chat = tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=True)
        except TemplateError as error:
            raise InputError(
                f"{lesson.path}: row {number}: expected a chat that the model's template takes, got {error}; choose "
                "another model as chat.model in student/params.yaml, or another prompt in params.yaml"
            ) from None
        if (tokens := len(chat["input_ids"])) > limit:
            remedy = "raise it" if limit < context else "choose a model with a longer context, or a shorter prompt"
            raise InputError(
                f"{lesson.path}: row {number}: expected at most {limit:,} tokens (chat.max_tokens in "
                f"student/params.yaml is {lesson.chat.max_tokens:,}, the model's context {context:,}), got "
                f"{tokens:,}; {remedy}"
            )


def find_checkpoint(folder: Path) -> Path | None:
    """Return the last checkpoint that was written to its end, and remove those that were not."""
    whole = []
    for checkpoint in folder.glob("checkpoint-*"):
        if (checkpoint / WHOLE).is_file():
            whole.append(checkpoint)
        else:
            shutil.rmtree(checkpoint)
    return max(whole, key=lambda checkpoint: int(checkpoint.name.rpartition("-")[2]), default=None)


class Progress(TrainerCallback):  # type: ignore[misc] # transformers has no types here
    """Marks a checkpoint that is whole, saves none after the last step, and says now and then how far it is."""

    def __init__(self, run: Run) -> None:
        """Begin to count the time."""
        self.run, self.said = run, time.monotonic()

    def on_save(self, args: SFTConfig, state: TrainerState, _control: TrainerControl, **_: object) -> None:
        """Mark the checkpoint that was just written."""
        (Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE).touch()

    def on_step_end(self, _args: SFTConfig, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Let the last step be followed by the model alone."""
        if state.global_step >= state.max_steps:
            control.should_save = False

    def on_log(self, _args: SFTConfig, state: TrainerState, _control: TrainerControl, **_: object) -> None:
        """Print a line each minute."""
        if "loss" in state.log_history[-1] and time.monotonic() - self.said > PROGRESS_S:
            self.said = time.monotonic()
            loss = state.log_history[-1]["loss"]
            click.echo(f"{self.run}: step {state.global_step:,} of {state.max_steps:,}, loss {loss:.2f}")


def build_trainer(lesson: Lesson, tokenizer: PreTrainedTokenizerBase, folder: Path) -> SFTTrainer:
    """Return TRL's trainer of completions: weights in float32, on a GPU computing in bfloat16."""
    chat, gpu = lesson.chat, torch.cuda.is_available()
    settings = SFTConfig(
        output_dir=str(folder), seed=lesson.run.seed, completion_only_loss=True, max_length=None,
        num_train_epochs=chat.epochs, max_steps=chat.max_steps or -1, per_device_train_batch_size=chat.batch_size,
        learning_rate=chat.learning_rate, lr_scheduler_type="linear", logging_steps=1, save_steps=chat.save_steps,
        save_total_limit=2, use_cpu=not gpu, bf16=gpu, gradient_checkpointing=gpu, dataloader_pin_memory=gpu,
        report_to="none", disable_tqdm=True,
    )  # fmt: skip
    lora = LoraConfig(
        r=chat.lora_rank, lora_alpha=2 * chat.lora_rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    trainer = SFTTrainer(
        AutoModelForCausalLM.from_pretrained(lesson.base, dtype=torch.float32), settings,
        train_dataset=Dataset.from_list(lesson.rows), processing_class=tokenizer,
        peft_config=lora if chat.method == "lora" else None, callbacks=[Progress(lesson.run)],
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    return trainer


@contextmanager
def explaining_memory() -> Iterator[None]:
    """Raise InputError in the place of a GPU's OutOfMemoryError."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise InputError(
            "student/params.yaml: chat.batch_size: expected rows that fit into the GPU's memory, but it ran out; lower "
            f"chat.batch_size, or choose chat.method: lora ({str(error).splitlines()[0][:200]})"
        ) from None


def write_model(trainer: SFTTrainer, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write LoRA's matrices, or all weights, as they were trained: in float32."""
    trainer.model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # peft's form of a card, not filled in
    if (adapter := folder / ADAPTER).is_file():
        settings = read_json(adapter)  # a set is in there, in an order of its own each time
        write_json(adapter, settings | {"target_modules": sorted(settings["target_modules"])})


def write_curves(history: list[dict[str, Any]], folder: Path) -> None:
    """Write loss and learning rate of each step, those before a kill as well, for `dvc plots`."""
    with Live(str(folder), save_dvc_exp=False, dvcyaml=None, report=None) as live:
        for entry in history:
            for key in CURVES.keys() & entry.keys():
                live.log_metric(CURVES[key], entry[key])
            if "loss" in entry:
                live.next_step()
