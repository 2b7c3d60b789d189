"""Variants of the pipeline beside each other: running them as experiments, and comparing what they wrote."""
