"""A training set in phrases, from its manifest; the report page and the console share them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from potstill.core.wording import describe_p_value, format_count, format_list

LeftOut = Mapping[Any, Mapping[str, int]]  # questions by reason and gold letter
SIGNIFICANT = 0.05
TARGETS = {
    "letter": "the letter",
    "letter_and_text": "the letter and the text of its choice",
    "reasoning_and_letter": "the teacher's reasoning, then the letter",
    "verbatim": "the teacher's response, word for word",
}
KEPT = {
    "read": "every answer that was read, right or wrong",
    "correct": "each answer that agrees with gold",
    "agreed": "each answer on which all askings of a question agree",
    "correct_and_agreed": "each answer that agrees with gold and on which all askings of a question agree",
}
AUGMENTED = {
    "canonical": "Each question makes one row.",
    "all_rotations": "Each train question makes a row for each rotation of its choices, of the teacher's words for "
    "each in which they were said; any other question makes one.",
}
BALANCED = {
    "none": "",
    "downsample": "Train rows of the more frequent letters are left out until all are taught equally often.",
    "rotate": "Choices of train questions are moved so that all letters are taught about equally often.",
}
SYSTEM = {
    True: "The system message that the teacher got is there, too, where a format has a place for it.",
    False: "The system message that the teacher got is left out.",
}
REASONS = {  # what an outcome means stands on the page already
    "tie": "the vote of the askings is tied",
    "leaked": "equals or nearly equals a question of validation or test",
    "read_once": "asked once, so nothing could agree",
    "disagreed": "the askings disagree",
    "low_confidence": "below export.min_confidence",
    "no_text": "no response has the form to be learned",
    "too_long": "longer than export.max_tokens",
    "duplicate": "repeats an earlier question",
    "unbalanced": "of a letter that is too frequent",
    "no_pair": "no two readings, gold and another, to make a pair of",
}


def describe_choices(export: Mapping[str, Any], system: str | None) -> str:
    """Return in sentences what a student learns to say, of which answers; `system` is the prompt's message, if any."""
    confidence = export["min_confidence"]
    sentences = [
        f"Rows teach a student to say {TARGETS[export['target']]}; they are made of {KEPT[export['keep']]}"
        + (f", whose confidence is at least {confidence:g}." if confidence else "."),
        AUGMENTED[export["augment"]],
        BALANCED[export["balance"]],
        SYSTEM[export["include_system"]] if system else "",
    ]
    return " ".join(filter(None, sentences))


def describe_rows(rows: Mapping[str, int]) -> str:
    """Return how many rows the formats have: the number that most have, and the others by name."""
    ((most, _),) = Counter(rows.values()).most_common(1)
    others = [f"{count:,} as {name}" for name, count in rows.items() if count != most]
    return format_count(most, "row") + (f" ({', '.join(others)})" if others else "")


def count_reasons(left_out: LeftOut) -> dict[str, int]:
    """Return how many questions were left out for each reason, the most frequent first."""
    counts = {reason: sum(letters.values()) for reason, letters in left_out.items()}
    return dict(sorted(((reason, n) for reason, n in counts.items() if n), key=lambda one: (-one[1], one[0])))


def describe_left_out(left_out: LeftOut) -> str:
    """Return how many questions were left out for each reason, as a list."""
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in count_reasons(left_out).items())


def describe_selection(split: Mapping[str, Any]) -> str:
    """Return whether leaving questions out has changed the balance of gold letters by more than chance would."""
    p, distance = split["shift"]["selection_p"], split["shift"]["selection_tv_distance"]
    if not count_reasons(split["left_out"]):
        return "No question was left out."
    if p is None or distance is None:
        return "Whether leaving questions out changed the balance of gold letters cannot be tested."
    changed = "changed" if p < SIGNIFICANT else "did not change"
    return (
        f"Leaving questions out {changed} the balance of gold letters by more than chance "
        f"(total variation {distance:.2f}, {describe_p_value(p)})."
    )


def describe_checks(manifest: Mapping[str, Any]) -> str:
    """Return what was looked for in train and not found; what was found is among what was left out."""
    splits, export = manifest["splits"], manifest["export"]
    found = count_reasons(splits["train"]["left_out"]) if "train" in splits else {}
    others = [name for name in splits if name != "train"]
    sentences = []
    if "train" in splits and export["deduplicate"] and "duplicate" not in found:
        sentences.append("No question of train repeats another.")
    if "train" in splits and others and export["leakage_threshold"] is not None and "leaked" not in found:
        sentences.append(f"No question of train equals or nearly equals one of {format_list(others)}.")
    return " ".join(sentences)
