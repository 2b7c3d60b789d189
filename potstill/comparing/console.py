"""A comparison as lines for a terminal."""

from potstill.comparing.report import Comparison, describe_choices, tabulate
from potstill.comparing.verdicts import describe_pair
from potstill.core.wording import ASCII


def describe_comparison(comparison: Comparison) -> list[str]:
    """Return the lines for the console: what differs, the numbers, and the sentences."""
    lines = [f"split {comparison.split}"]
    for variant in comparison.variants:
        dataset, prompt, teacher, commit = describe_choices(variant)
        lines.append(
            f"{variant.revision.title}: data set {dataset}; prompt {prompt}; teacher {teacher}; commit {commit}"
        )
    for one in comparison.contrasts:
        changed = [*one.phrases, *(["the prompt's words, as the page shows"] if one.prompt_diff else [])]
        lines.append(f"{one.second} differs from {one.first}: {'; '.join(changed) or 'in nothing'}")
    lines += [f"note: {note}" for note in comparison.notes]
    lines += ["", *_align(comparison), ""]
    if len(comparison.pairs) > 1:
        lines += [describe_pair(pair, len(comparison.pairs)) for pair in comparison.pairs]
    return [line.translate(ASCII) for line in [*lines, comparison.verdict]]


def _align(comparison: Comparison) -> list[str]:
    """Return the table of measures in columns of a terminal."""
    names = [variant.name for variant in comparison.variants]
    rows = [("", names), *((name, values) for name, _, values in tabulate(comparison))]
    first = max(len(name) for name, _ in rows)
    widths = [max(len(values[place]) for _, values in rows) for place in range(len(names))]
    return [f"{name:<{first}}  {'  '.join(map(str.rjust, values, widths))}".rstrip() for name, values in rows]
