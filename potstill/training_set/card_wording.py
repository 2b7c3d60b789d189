"""What the card says of each value and number that a manifest may hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from potstill.core.wording import UNKNOWN, describe_p_value, format_decimals, format_interval, format_percent
from potstill.training_set import phrases
from potstill.training_set.summary import NO_GOLD

# Who reads a format, and how it is named there; {split} is train, validation or test.
READERS = {
    "question_answer": "Olive: `--data_name json --data_files question_answer/train.jsonl`, a `--text_template` with "
    "`{Question}` and `{Answer}`",
    "messages": "fine-tuning at OpenAI and Azure; TRL's `SFTTrainer`; Axolotl: `type: chat_template`",
    "prompt_completion": "TRL's `SFTTrainer`, which trains on the completion alone",
    "alpaca": "LLaMA-Factory: `dataset_dir` this folder, `dataset: potstill_alpaca_train`",
    "sharegpt": "LLaMA-Factory: `dataset_dir` this folder, `dataset: potstill_sharegpt_train`",
    "soft_labels": "a distillation loss of your own: the teacher's distribution over the options",
    "preference": "TRL's `DPOTrainer`: gold's answer against another one that the teacher gave",
}
METHODS = {
    "none": "the first response counts",
    "vote": "the responses to a question vote",
    "average": "the letters' probabilities are averaged over the responses to a question",
    "pride": "the letters' probabilities are corrected for the teacher's liking of letters (PriDe)",
}
REASONS = {
    "refused": "the teacher refused",
    "ambiguous": "the response states more than one answer",
    "unparsed": "no answer was read in the response",
    "truncated": "the response ended at the token limit",
    "filtered": "a content filter stopped the prompt or the response",
    "failed": "the call failed",
    "wrong": "does not agree with gold",
    "unjudged": "has no gold to agree with",
    **phrases.REASONS,
}


def describe_agreement(split: Mapping[str, Any]) -> str:
    """Return how many of the kept answers that have gold agree with it."""
    if (agreement := split["agreement_with_gold"]) is None:
        return "no gold"
    correct, judged = split["outcomes"].get("correct", 0), agreement["questions"]
    return (
        f"{correct:,} of {judged:,}: {_format_share(agreement['share'], agreement['low'], agreement['high'], judged)}"
    )


def describe_accuracy(split: Mapping[str, Any]) -> str:
    """Return the teacher's accuracy in a split."""
    quality = split["quality"]
    low, high = quality["accuracy_low"], quality["accuracy_high"]
    return _format_share(quality["accuracy"], low, high, split["questions"])


def _format_share(share: float | None, low: float | None, high: float | None, of: int) -> str:
    """Return a share with its interval."""
    return UNKNOWN if share is None else f"{format_percent(share, of)} ({format_interval(low, high, of)})"


def describe_shift(shift: Mapping[str, Any], letters: str) -> str:
    """Return how far letters, of those `kept` or `after`, are from those `before`, which are from none."""
    if letters == "before":
        return ""
    if letters == "after":
        return format_decimals(shift["tv_distance"])
    p = shift["selection_p"]
    return format_decimals(shift["selection_tv_distance"]) + ("" if p is None else f" ({describe_p_value(p)})")


def describe_askings(prepare: Mapping[str, Any], debias: str) -> str:
    """Return how often a question was asked, and how its answers became one."""
    rotations, replicates = prepare["rotations"], prepare["replicates"]
    if rotations == replicates == 1:
        return "each question once"
    orders = "every order" if rotations == "all" else f"{rotations} order{'' if rotations == 1 else 's'}"
    share = "" if prepare["pride_share"] == 1 else f" for {format_percent(prepare['pride_share'])} of them, else in one"
    times = f", {replicates} times each" if replicates > 1 else ""
    return f"each question in {orders} of its options{share}{times}; {METHODS[debias]}"


def list_letters(splits: Mapping[str, Any]) -> list[str]:
    """Return the letters that any split has, in order."""
    return sorted({letter for split in splits.values() for counts in split["letters"].values() for letter in counts})


def list_reasons(splits: Mapping[str, Any]) -> Iterator[tuple[str, str, int, str]]:
    """Yield split, reason, count and the counts by letter of gold, for each reason to leave questions out."""
    for name, split in splits.items():
        for reason, letters in split["left_out"].items():
            counts = {"without" if letter == NO_GOLD else letter: count for letter, count in letters.items() if count}
            by_letter = ", ".join(f"{letter} {count:,}" for letter, count in counts.items())
            yield name, reason, sum(counts.values()), by_letter
