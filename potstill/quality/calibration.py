"""How far an answer's confidence can be trusted: pure functions of confidences and of whether the answers are right.

Both are vectors of one length, a number from 0 to 1 and a truth for each answer with gold; a question without an answer
has neither.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Confidences = NDArray[np.float64]
Rights = NDArray[np.bool_]

BINS = 10


class Bin(NamedTuple):
    """The answers whose confidence is above `low`, up to `high`: how many, their mean confidence, their accuracy."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability_bins(confidences: Confidences, right: Rights, bins: int = BINS) -> list[Bin]:
    """Return the bins of equal width that have answers; a vote's few shares would not fill bins of equal mass.

    The bins of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: above (m - 1)/M, up to m/M.
    """
    places = np.clip(np.ceil(confidences * bins) - 1, 0, bins - 1)
    return [
        Bin(place / bins, (place + 1) / bins, int(of.sum()), float(confidences[of].mean()), float(right[of].mean()))
        for place in range(bins)
        if (of := places == place).any()
    ]


def calibration_error(confidences: Confidences, right: Rights, bins: int = BINS) -> float | None:
    """Return the expected calibration error: the bins' mean gap of accuracy and confidence, weighed by their answers.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    if not len(right):
        return None
    gaps = [one.n * abs(one.accuracy - one.confidence) for one in reliability_bins(confidences, right, bins)]
    return float(sum(gaps) / len(right))


def brier_score(confidences: Confidences, right: Rights) -> float | None:
    """Return the mean squared difference of the confidence from 1 where the answer is right, from 0 where it is wrong.

    Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950, of the event that the answer is right.
    """
    return float(np.mean((confidences - right) ** 2)) if len(right) else None


def coverage_curve(confidences: Confidences, right: Rights, total: int) -> pd.DataFrame:
    """Return accuracy (columns coverage, accuracy) of the most confident answers, at the end of each tie.

    Coverage is the share of `total` questions, the unanswered among them. El-Yaniv and Wiener, "On the Foundations of
    Noise-free Selective Classification", JMLR 2010; risk is 1 - accuracy.
    """
    ties = pd.Series(right, dtype=float).groupby(confidences).agg(["size", "sum"]).sort_index(ascending=False).cumsum()
    return pd.DataFrame({"coverage": ties["size"] / total, "accuracy": ties["sum"] / ties["size"]}).reset_index(
        drop=True
    )


def accuracy_at(coverage: float, confidences: Confidences, right: Rights, total: int) -> float | None:
    """Return the accuracy of the most confident answers, which are this share of `total` questions.

    Of a tie that is not needed as a whole, a part is taken at random: what is expected of it is returned. None where
    fewer questions have an answer.
    """
    wanted = coverage * total
    if not 0 < wanted <= len(right):
        return None
    ends = coverage_curve(confidences, right, total)
    counts = np.concatenate([[0], ends["coverage"] * total])
    rights = np.concatenate([[0], ends["coverage"] * total * ends["accuracy"]])
    return float(np.interp(wanted, counts, rights) / wanted)
