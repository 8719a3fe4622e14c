"""The journal: what it keeps, what survives, and what it refuses."""
