"""Measurements, none of them a test."""
