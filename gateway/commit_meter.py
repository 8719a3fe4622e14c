"""What is counted where the journal commits: how long it took, and how attempts ended.

Plain numbers, since it stands on the way of every alarm; `metrics` puts them into words.
"""

from bisect import bisect_left
from collections import Counter

from gateway.entries import Batch

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds in seconds; what took longer is in none of them."""

_ENDED = "attempt_ended"


class CommitMeter:
    """Counts since the start; `is_failing` says how the last commit went."""

    def __init__(self) -> None:
        """Start from nothing."""
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0
        self.failed = 0
        self.is_failing = False
        self.why = ""
        self.attempts: Counter[tuple[str, str]] = Counter()
        """How many attempts ended, by medium and outcome."""

    @property
    def kept_commits(self) -> int:
        """How many commits were kept."""
        return sum(self.buckets)

    def kept(self, batch: Batch, seconds: float) -> None:
        """Count a commit that is on the disk."""
        self.is_failing, self.why = False, ""
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds
        for line in batch.lines:
            if line.verb == _ENDED:
                facts = line.facts
                self.attempts[facts.get("medium", ""), facts.get("outcome", "")] += 1

    def lost(self, why: str) -> None:
        """Count a commit of which nothing was kept."""
        self.is_failing, self.why = True, why
        self.failed += 1
