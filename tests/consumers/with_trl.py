"""TRL: `messages` and `prompt_completion` through SFTTrainer, `preference` through DPOTrainer, two steps each."""

from pathlib import Path

from checks import check_equal, read_rows, render, run, trained_text
from datasets import Dataset, load_dataset
from tiny_model import END, make_tokenizer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

SMALL = {"max_length": None, "max_steps": 2, "per_device_train_batch_size": 2, "report_to": "none", "use_cpu": True}
TOKENIZER = make_tokenizer()


def load(folder: Path, file: Path) -> Dataset:
    return load_dataset("json", data_files=str(file), split="train", cache_dir=str(folder / "cache"))


def check_trainer(trainer: SFTTrainer, file: Path, expected: list[tuple[str, str]]) -> None:
    """Compare the text of each row, and the part of it that is trained on, and take two steps."""
    for number, (read, texts) in enumerate(zip(trainer.train_dataset, expected, strict=True)):
        labels = trainer.data_collator([read])["labels"][0]
        got = TOKENIZER.decode(read["input_ids"]), trained_text(TOKENIZER, labels)
        check_equal(f"{file}, row {number}", got, texts)
    check_steps(trainer)


def check_steps(trainer: SFTTrainer | DPOTrainer) -> None:
    done = trainer.train()
    check_equal("steps, and a loss", (done.global_step, done.training_loss > 0), (2, True))


def check_messages(folder: Path, file: Path) -> None:
    """All of a conversation is trained on; with `assistant_only_loss`, what the assistant says."""
    conversations = [row["messages"] for row in read_rows(file)]
    texts = [render(conversation) for conversation in conversations]
    said = ["".join(m["content"] + END for m in messages if m["role"] == "assistant") for messages in conversations]
    for only, trained in ((False, texts), (True, said)):
        config = SFTConfig(output_dir=str(folder / "out"), assistant_only_loss=only, **SMALL)
        trainer = SFTTrainer(str(folder / "model"), config, train_dataset=load(folder, file))
        check_trainer(trainer, file, list(zip(texts, trained, strict=True)))


def check_prompt_completion(folder: Path, file: Path) -> None:
    """The prompt is read, and the completion alone is trained on."""
    rows = read_rows(file)
    texts = [(render(row["prompt"] + row["completion"]), row["completion"][0]["content"] + END) for row in rows]
    config = SFTConfig(output_dir=str(folder / "out"), **SMALL)
    check_trainer(SFTTrainer(str(folder / "model"), config, train_dataset=load(folder, file)), file, texts)


def check_preference(folder: Path, file: Path) -> None:
    """Both answers follow the same prompt."""
    config = DPOConfig(output_dir=str(folder / "out"), **SMALL)
    trainer = DPOTrainer(str(folder / "model"), args=config, train_dataset=load(folder, file))
    for number, (row, read) in enumerate(zip(read_rows(file), trainer.train_dataset, strict=True)):
        got = [TOKENIZER.decode(read[name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids")]
        answers = [row[name][0]["content"] + END for name in ("chosen", "rejected")]
        check_equal(f"{file}, row {number}", got, [render(row["prompt"]) + "<|assistant|>", *answers])
    check_steps(trainer)


if __name__ == "__main__":
    run({"messages": check_messages, "prompt_completion": check_prompt_completion, "preference": check_preference})
