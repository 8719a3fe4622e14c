"""Measurements, kept out of the tests: `python -m bench`."""
