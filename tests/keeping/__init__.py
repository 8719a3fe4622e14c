"""What is kept: backups, restores, replays, persons, what is forgotten in time."""
