"""Potstill: distil a large model into a versioned, audited training set for a small one."""
