"""Kills the gateway and its broker and counts what was lost; `python -m tests.kill --help`."""
