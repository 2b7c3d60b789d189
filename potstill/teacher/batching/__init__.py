"""Asking in batches that a service answers within a day, at half the price."""
