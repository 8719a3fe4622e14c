"""Links and brokers, tested at the wire."""
