"""What becomes of an order: courier, pump, journal, channel and carrier together."""
