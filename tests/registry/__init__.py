"""The registry: its file, its answers, its tables, and what an import changes."""
