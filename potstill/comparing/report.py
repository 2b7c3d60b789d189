"""A comparison, from the revisions' files to the page, the Markdown and the lines on the console."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from potstill.comparing.contrasts import Contrast, contrast
from potstill.comparing.figure import describe_costs, draw_costs, place_points
from potstill.comparing.measuring import Variant, read_variant
from potstill.comparing.pairs import Pair, compare_all
from potstill.comparing.revisions import Revision
from potstill.comparing.rows import read_rows_of
from potstill.comparing.verdicts import describe_choice, describe_pair
from potstill.comparing.wording import (
    format_number,
    format_range,
    format_share,
)
from potstill.core.documents import Filters, render_document
from potstill.core.errors import InputError
from potstill.core.prices import PARAMS
from potstill.core.records import SPLITS, replacing
from potstill.core.wording import (
    NBSP,
    UNKNOWN,
    describe_p_value,
    format_count,
    format_decimals,
    format_points,
    format_usd,
)
from potstill.quality.pictures import draw, embed_picture
from potstill.sharing.history import Commit

FOLDER = Path(__file__).parent
MARKDOWN_ROWS, MARKDOWN_LINE = 5, 200  # rows of a pair, and characters of each text, in the Markdown
DVC_SUBJECT = "dvc: commit experiment"


@dataclass(frozen=True)
class Comparison:
    """The variants of one split, their pairs, and why other revisions are left out."""

    split: str
    variants: list[Variant]
    pairs: list[Pair]
    left_out: Mapping[str, str]

    @property
    def verdict(self) -> str:
        """The sentence for all of them."""
        return describe_choice(self.variants, self.pairs)

    @property
    def notes(self) -> list[str]:
        """What is to be known of the revisions before their numbers are read, one line each."""
        notes = [note for variant in self.variants for note in variant.revision.notes]
        notes += [f"{name} is left out: {reason}" for name, reason in self.left_out.items()]
        return notes + [note for variant in self.variants for note in _explain_cost(variant)]

    @cached_property
    def contrasts(self) -> list[Contrast]:
        """How each revision but the first differs from the first."""
        first, *others = [variant.revision for variant in self.variants]
        return [contrast(first, other) for other in others]


def compare(revisions: Sequence[Revision], left_out: Mapping[str, str], split: str) -> Comparison:
    """Return the comparison of a split ("": the one that most have); raise InputError if nobody can be shown."""
    chosen = split or choose_split(revisions)
    variants, reasons = [], dict(left_out)
    for revision in revisions:
        if chosen not in revision.splits:
            has = ", ".join(revision.splits) or "none"
            reasons[revision.name] = f"expected answers of the split {chosen}, found {has}"
            continue
        try:
            variants.append(read_variant(revision, chosen))
        except InputError as error:
            reasons[revision.name] = _name_files(error.message, revision, chosen)
    if not variants:
        raise InputError("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
    return Comparison(chosen, variants, compare_all(variants), reasons)


def _name_files(message: str, revision: Revision, split: str) -> str:
    """Return a message with the names of outputs instead of the places where this machine's cache has them."""
    for kind, path in vars(revision.splits[split]).items():
        message = message.replace(str(path), f"{kind}/{split}.jsonl")
    return message


def choose_split(revisions: Sequence[Revision]) -> str:
    """Return the split that most revisions have; of several validation, else the first."""
    order = ("validation", *(split for split in SPLITS if split != "validation"))
    return max(order, key=lambda split: sum(split in revision.splits for revision in revisions))


def _explain_cost(variant: Variant) -> Iterator[str]:
    """Yield why a variant's cost is unknown, and what makes it known, or whose price it is at if not the user's."""
    if variant.spending.tokens is None:
        yield f"{variant.name}: tokens and cost are unknown, since its endpoint counted none for some answers"
    elif variant.spending.usd is None:
        teacher = variant.revision.lineage.find_chosen()["teacher"]["name"]
        yield (
            f"{variant.name}: its cost is unknown, since it ran without price_per_million.{teacher}; set input "
            "and output in params.yaml and run it again, which asks nothing anew"
        )
    elif variant.spending.usd and variant.spending.price_source != PARAMS:
        yield f"{variant.name}: its cost is at the price of {variant.spending.price_source}"


def tabulate(comparison: Comparison) -> list[tuple[str, str, list[str]]]:
    """Return each measure's name, its meaning, and its value of each variant."""
    variants = comparison.variants
    spent = [variant.spending for variant in variants]
    rows: list[tuple[str, str, list[str]]] = [
        ("Questions", "with gold in brackets", [f"{len(one.questions):,} ({one.judged:,})" for one in variants]),
        ("Accuracy", "of the questions with gold", [format_share(one.accuracy) for one in variants]),
        (f"95{NBSP}% interval", "of the accuracy (Wilson)", [format_range(*one.interval) for one in variants]),
        ("Guessing would give", "accuracy", [format_share(one.guessing) for one in variants]),
        ("Rows with a letter", "", [format_share(one.answered_rate) for one in variants]),
        ("RStd", "spread of the recall of letters", [format_decimals(one.bias["recall_std"]) for one in variants]),
        ("Total variation", "of letters from gold", [format_decimals(one.bias["tv_distance"]) for one in variants]),
        (
            "Tokens in prompts",
            "",
            [UNKNOWN if one.prompt_tokens is None else f"{one.prompt_tokens:,}" for one in spent],
        ),
        (
            "Tokens in answers",
            "",
            [UNKNOWN if one.completion_tokens is None else f"{one.completion_tokens:,}" for one in spent],
        ),
        ("Tokens per question", "", [format_number(one.tokens) for one in spent]),
        (
            "US dollars per 1,000 questions",
            "",
            [format_usd(None if one.usd_per_question is None else 1000 * one.usd_per_question) for one in spent],
        ),
        ("US dollars per correct answer", "", [format_usd(one.usd_per_correct) for one in spent]),
    ]
    if any(one.rotations > 1 for one in variants):
        flips = [format_share(one.flip_rate) for one in variants]
        rows.insert(7, ("Flip rate", "pairs of rotations that mean different options", flips))
    return rows


def describe_choices(variant: Variant) -> tuple[str, str, str, str]:
    """Return the data set with its revision, the prompt, the teacher and the commit of a variant."""
    chosen, source = variant.revision.lineage.find_chosen(), variant.revision.source
    revision = source.get("revision")
    dataset = f"{chosen['dataset']['name']} ({str(revision)[:10] if revision else 'local files'})"
    teacher = chosen["teacher"]
    model = teacher.get("model", "unknown")
    commit = describe_commit(variant.revision.lineage.commit)
    return dataset, str(chosen["prompt"]["name"]), f"{teacher['name']} ({model})", commit


def describe_commit(commit: Commit) -> str:
    """Return a commit's short id and subject; an experiment's subject is DVC's, and says nothing."""
    if not commit.id:
        return "none (files on disk)"
    return commit.id[:10] if commit.subject.startswith(DVC_SUBJECT) else f"{commit.id[:10]} {commit.subject}"


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write index.html and compare.md."""
    filters: Filters = {"points": format_points, "p": describe_p_value, "code": format_code, "text": format_text}
    parts = _collect_parts(comparison)
    for template, name in (("comparison.html", "index.html"), ("comparison.md", "compare.md")):
        text = render_document(FOLDER / template, filters, **parts)
        with replacing(folder / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _collect_parts(comparison: Comparison) -> dict[str, object]:
    """Return what the templates show."""
    rows = read_rows_of(comparison.pairs)
    pairs = [
        (pair, describe_pair(pair, len(comparison.pairs)), drawn)
        for pair, drawn in zip(comparison.pairs, rows, strict=True)
    ]
    unit, points = place_points(comparison.variants)
    figure = ("", "")
    if points:
        about = f"{comparison.split}, {format_count(len(points), 'variant')}"
        figure = (embed_picture(draw(partial(draw_costs, points, unit, about))), describe_costs(points, unit))
    return {
        "comparison": comparison,
        "choices": [describe_choices(variant) for variant in comparison.variants],
        "measures": tabulate(comparison),
        "pairs": pairs,
        "figure": figure,
        "markdown_rows": MARKDOWN_ROWS,
        "markdown_line": MARKDOWN_LINE,
    }


def format_text(text: str) -> str:
    """Return a text in Markdown, in which no HTML begins and no cell of a table ends."""
    return re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text).replace("|", "\\|")


def format_code(text: str) -> str:
    """Return a text as code in a cell of a Markdown table, in one line, in which nothing is markup."""
    line = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{line[:MARKDOWN_LINE]}{'...' if len(line) > MARKDOWN_LINE else ''}`" if line else ""
