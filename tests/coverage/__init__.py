"""Coverage: what is missing in a registry is found, and nothing else is."""
