"""The tests; also `tests.kill` and `tests.simulation`, which are programs."""
