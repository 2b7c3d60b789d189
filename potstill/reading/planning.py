"""What a first pass over the responses says about how their questions can be answered: the methods, and the priors."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.records import AnswerFormat, DebiasMethod
from potstill.reading.debiasing import Debiasing, PriorEstimator
from potstill.reading.exchanges import show_exchanges
from potstill.reading.judging import judge_exchange


def plan_debiasing(
    method: DebiasMethod,
    files: Iterable[tuple[Path, Path]],
    answer_format: AnswerFormat | None,
    *,
    asks_logprobs: bool,
) -> Debiasing:
    """Return what answers the questions of the pairs of requests and responses; a prior is one for all splits.

    Raise InputError if the method needs what the responses do not hold. They are read only if the teacher was asked
    for logprobs.
    """
    estimator, has_probabilities = PriorEstimator(), False
    for requests, responses in files if asks_logprobs else ():
        exchanges = show_exchanges(requests, responses, "reading")
        for _, group in groupby(exchanges, lambda exchange: exchange.request.question_id):
            has_probabilities |= estimator.add([judge_exchange(exchange, answer_format) for exchange in group])
    if not has_probabilities:
        _check_method(method)
        return Debiasing(method)
    priors = estimator.build()
    missing = sorted(estimator.needed - set(priors))
    if method == "pride" and missing:
        raise InputError(
            f"params.yaml: analyze.debias: pride expected questions of {missing[0]} choices that were answered with "
            "logprobs under each of their rotations, each of them read, found none; set prepare.rotations to all, with "
            "a prepare.pride_share above 0, or analyze.debias to average or vote"
        )
    methods: tuple[DebiasMethod, ...] = ("none", "vote", "average", *(() if missing else ("pride",)))
    return Debiasing(method, methods, priors)


def _check_method(method: DebiasMethod) -> None:
    """Raise InputError if a method needs logprobs."""
    if method in ("average", "pride"):
        raise InputError(
            f"params.yaml: analyze.debias: {method} expected responses with the logprobs of the letters that were read "
            "in them, found none; give the teacher extras: {logprobs: true, top_logprobs: 20}, or set analyze.debias "
            "to vote"
        )
