"""Potstill: distil a large model into a versioned, audited training set for a small one."""

import potstill  # noqa: F401 (says so where the project's packages are not installed)
