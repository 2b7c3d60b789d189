"""Variants of the pipeline: which to run, what they would cost, and running them as DVC experiments at once."""
