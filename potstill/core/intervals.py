"""Wilson's interval of a share. No I/O, and nothing that takes time to import."""

Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point


def wilson_interval(successes: int, trials: int) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % Wilson score interval of a share (Wilson 1927); None, None where nothing was tried.

    The formula stands here since scipy.stats.binomtest, which gives the same, works out a p value first for each of
    thousands of questions and concepts.
    """
    if trials == 0:
        return None, None
    share, shrink = successes / trials, 1 + Z_95**2 / trials
    middle = (share + Z_95**2 / (2 * trials)) / shrink
    half = Z_95 / shrink * (share * (1 - share) / trials + Z_95**2 / (4 * trials**2)) ** 0.5
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == trials else middle + half)
