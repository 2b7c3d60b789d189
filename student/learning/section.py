"""The students' section of the report page, which the page loads from beside it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from potstill.comparing.wording import format_share
from potstill.core.documents import render_document
from potstill.core.page_script import write_page_script
from potstill.core.wording import (
    DECIMAL_FROM,
    NBSP,
    UNKNOWN,
    format_count,
    format_decimals,
    format_interval,
    format_p_value,
    format_points,
)
from potstill.quality.pictures import embed_picture
from student.core.params import StudentParams
from student.core.training_set import FORMATS
from student.learning.figure import describe_figure, draw_learning
from student.learning.measuring import Column, Learned, Measures
from student.learning.verdicts import describe_learning, describe_range

FOLDER = Path(__file__).parent
MEGABYTE, MILLION, SLOW = 1e6, 1e6, 10
OTHER_ANSWERS = (
    '<p class="quiet">The students that student.js sums up learned from another training set than this page\'s: '
    "run `make student`.</p>"
)
METHOD = (
    "The control is trained as the student is, on the same rows with their answers shuffled among the questions, so it "
    "learns how often each is given, and nothing of a question; where answers have the text of options, its own are of "
    "other questions. p of a difference: exact, two-sided, by "
    "flipping the signs of the questions' differences, summed over the seeds. Intervals are Wilson's; of a mean or a "
    "difference, 1.96 standard errors over the questions. They hold for other questions like these, not for other "
    "seeds: how far those differ, the lines of the seeds show. 'Learned' is said where the trained student is better "
    "than before training and than the control, each with p < 0.05, over three seeds or more, and than guessing."
)


class Sources(NamedTuple):
    """What DVC calls the teacher's responses, and the hash of the training set's manifest."""

    responses: str
    manifest: str


Line = tuple[str, str, list[str]]  # a row's name, its meaning, and its values
MEASURES: tuple[tuple[str, str, Callable[[Column], str]], ...] = (
    ("Accuracy", "of the questions with gold", lambda one: format_share(one.measures.accuracy)),
    (f"95{NBSP}% interval", "of the accuracy", lambda one: format_interval(one.low, one.high, DECIMAL_FROM)),
    ("With a letter", "questions in whose answer a letter was read", lambda one: format_share(one.measures.answered)),
    ("Says what the teacher says", "where the teacher has a letter", lambda one: format_share(one.measures.same)),
    ("The same, and right", "", lambda one: format_share(one.measures.same_right)),
    ("The same, and wrong", "", lambda one: format_share(one.measures.same_wrong)),
    (
        "Kappa",
        "agreement with the teacher beyond chance: 0 none, 1 all",
        lambda one: format_decimals(one.measures.kappa),
    ),
    (
        "Total variation",
        "of letters answered from gold: 0 alike, 1 disjoint",
        lambda one: format_decimals(one.measures.tv_distance),
    ),
    ("RStd", "standard deviation of recall over gold letters", lambda one: format_decimals(one.measures.recall_std)),
    ("Parameters", "millions", lambda one: _format_large(one.measures.parameters, MILLION)),
    ("Size on disk", "megabytes, as it is served", lambda one: _format_large(one.measures.bytes, MEGABYTE)),
    ("Answers a second", "on the machine that asked", lambda one: format_rate(one.measures)),
)


def write_section(
    path: Path, students: Sequence[Learned], params: StudentParams, manifest: Mapping[str, Any], made_of: Sources
) -> None:
    """Write the script that puts the section into the page, where that is of the same responses and training set."""
    section = render_section(students, params, manifest, made_of)
    write_page_script(path, "students", made_of._asdict(), section, OTHER_ANSWERS, {})


def render_section(
    students: Sequence[Learned], params: StudentParams, manifest: Mapping[str, Any], made_of: Sources
) -> str:
    """Return the section's HTML, every text in it escaped."""
    return render_document(
        FOLDER / "section.html",
        {},
        students=[_describe_student(one, params, manifest, made_of) for one in students],
        columns=["Teacher", "Untrained", "Trained", "Control"],
        method=METHOD,
    )


def _describe_student(
    learned: Learned, params: StudentParams, manifest: Mapping[str, Any], made_of: Sources
) -> dict[str, Any]:
    """Return what the section shows of a kind of student."""
    return {
        "kind": learned.kind,
        "verdict": describe_learning(learned),
        "about": describe_source(learned, params, manifest, made_of),
        "figure": embed_picture(draw_learning(learned)),
        "alt": describe_figure(learned),
        "mean": describe_mean(learned),
        "measures": list_measures(learned),
        "differences": list_differences(learned),
        "seeds": list_seeds(learned),
    }


def describe_source(learned: Learned, params: StudentParams, manifest: Mapping[str, Any], made_of: Sources) -> str:
    """Return what the student learned from, and what it was judged by."""
    rows = manifest["splits"]["train"]["rows"][FORMATS[learned.kind][0]]
    questions = format_count(learned.questions, f"{learned.split} question")
    return (
        f"It was taught {describe_amount(learned.kind, params)} of the {format_count(rows, 'row')} in data/export "
        f"(train; made of responses {made_of.responses[:10]}), and is judged by the {questions} with gold, "
        "none of which it was trained on."
    )


def describe_amount(kind: str, params: StudentParams) -> str:
    """Return how much of the rows was taught: so many epochs, or no more than so many steps."""
    if kind == "chat" and params.chat.max_steps:
        return f"{format_count(params.chat.max_steps, 'step')}, {params.chat.batch_size} rows each,"
    epochs = params.chat.epochs if kind == "chat" else params.rank.epochs
    return f"{epochs:g} epoch{'s' if epochs != 1 else ''}"


def describe_mean(learned: Learned) -> str:
    """Return that numbers are means, where there are several seeds."""
    several = len(learned.seeds)
    return f"; trained and control: means of {several} seeds" if several > 1 else ""


def list_measures(learned: Learned) -> list[Line]:
    """Return the lines of the table of measures."""
    return [(name, meaning, list(map(write, learned.columns.values()))) for name, meaning, write in MEASURES]


def list_differences(learned: Learned) -> list[Line]:
    """Return a line for each that the trained student is held against."""
    meanings = {"untrained": "the same model before training", "control": "trained on shuffled labels", "teacher": ""}
    return [
        (name, meanings[name], [format_points(one.mean), describe_range(one), format_p_value(one.p)])
        for name, one in learned.differences.items()
    ]  # fmt: skip


def list_seeds(learned: Learned) -> list[tuple[str, list[str]]]:
    """Return a line for each seed."""
    return [
        (
            str(one.seed),
            [
                *(format_share(column.measures.accuracy) for column in (one.trained, one.control)),
                *map(format_p_value, (one.untrained_p, one.teacher_p)),
            ],
        )
        for one in learned.seeds
    ]


def format_rate(measures: Measures) -> str:
    """Return how many questions are answered a second; a student's without a time were found in the journal."""
    if (rate := measures.rate) is not None:
        return f"{rate:,.1f}" if rate < SLOW else f"{rate:,.0f}"
    return UNKNOWN if measures.bytes is None else "found in the journal"


def _format_large(number: float | None, unit: float) -> str:
    """Return a number in a large unit, with one decimal."""
    return UNKNOWN if number is None else f"{number / unit:,.1f}"
