"""Simulated devices: each module speaks one wire schema, written from its document alone."""
