"""Simulated time, real core: what happens when, and what does not."""
