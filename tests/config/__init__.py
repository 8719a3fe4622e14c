"""The configuration, its documents, and `smartcare check`."""
