"""The sentences that a person needs: whether a student learned, and what that is worth."""

from potstill.comparing.wording import format_share
from potstill.core.wording import NBSP, describe_p_value, format_count, format_list, format_points
from student.learning.measuring import Difference, Learned

SIGNIFICANT = 0.05
FEWEST_SEEDS = 3
RIVALS = {
    "untrained": "before training",
    "control": "the control, trained on the same answers shuffled",
}


def has_learned(learned: Learned) -> bool:
    """Return whether it is better than before training, than the control and than guessing, over enough seeds.

    Who learns no more than the form of an answer may pass the first two, where a control's shuffled texts spoil that
    form, but not the third. All must reject, each at 0.05, so that the claim as a whole is false in 5 % of cases at the
    most, and no p needs adjusting (the intersection-union test; Berger, "Multiparameter hypothesis testing and
    acceptance sampling", Technometrics 24 (1982), 295-300). That is for one kind of student: of two kinds, each claim
    has its own 5 %.
    """
    enough = len(learned.seeds) >= FEWEST_SEEDS and not is_guessing(learned, "trained")
    return enough and all(is_better(learned.differences[rival]) for rival in RIVALS)


def is_better(difference: Difference) -> bool:
    """Return whether the first of two is better by more than chance."""
    return difference.mean > 0 and difference.p < SIGNIFICANT


def is_guessing(learned: Learned, name: str) -> bool:
    """Return whether the interval of somebody's accuracy does not lie above guessing."""
    return learned.columns[name].low <= learned.guessing


def describe_learning(learned: Learned) -> str:
    """Return whether the student learned, by which numbers, and whether the teacher does no more than guess."""
    if not is_guessing(learned, "teacher"):
        return _describe_claim(learned)
    accuracy = format_share(learned.columns["teacher"].measures.accuracy)
    return (
        f"{_describe_claim(learned)} The teacher's own answers to them, {accuracy} right, are no better than guessing, "
        f"which gives {format_share(learned.guessing)}."
    )


def _describe_claim(learned: Learned) -> str:
    """Return that the student learned, or what is missing to say so."""
    tested = {rival: _describe_difference(learned.differences[rival]) for rival in RIVALS}
    if has_learned(learned):
        better = [
            f"{points} points better than {RIVALS[rival]} ({evidence})" for rival, (points, evidence) in tested.items()
        ]
        return f"The {learned.kind} student learned: it answers {_describe_accuracy(learned)}, {format_list(better)}."
    missing = [
        f"it is {_compare(learned.differences[rival])} than {RIVALS[rival]} ({points} points, {evidence})"
        for rival, (points, evidence) in tested.items()
        if not is_better(learned.differences[rival])
    ]
    if is_guessing(learned, "trained"):
        missing.append(f"it is not better than guessing, which gives {format_share(learned.guessing)}")
    if len(learned.seeds) < FEWEST_SEEDS:
        seeds = f"it was trained with {format_count(len(learned.seeds), 'seed')}, and it takes {FEWEST_SEEDS}"
        missing.insert(0, f"{seeds} to tell learning from luck")
    return (
        f"There is no evidence that the {learned.kind} student learned: {format_list(missing)}. It answers "
        f"{_describe_accuracy(learned)}."
    )


def _compare(difference: Difference) -> str:
    """Return how the trained student stands to one that it is not better than."""
    return "worse" if difference.p < SIGNIFICANT else "not better"


def _describe_accuracy(learned: Learned) -> str:
    """Return how many of which questions the trained student answers rightly."""
    share = format_share(learned.columns["trained"].measures.accuracy)
    of = f" (mean of {len(learned.seeds)} seeds)" if len(learned.seeds) > 1 else ""
    return f"{share} of the {format_count(learned.questions, f'{learned.split} question')} rightly{of}"


def _describe_difference(difference: Difference) -> tuple[str, str]:
    """Return a difference in points, and its interval with p."""
    evidence = f"95{NBSP}% interval {describe_range(difference)}, {describe_p_value(difference.p)}"
    return format_points(difference.mean), evidence


def describe_range(difference: Difference) -> str:
    """Return the interval of a difference, in points."""
    return f"{format_points(difference.low)} to {format_points(difference.high)}"
