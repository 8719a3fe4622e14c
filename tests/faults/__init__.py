"""Faults of the carrier and of time, against the real command line, brokers and wires."""
