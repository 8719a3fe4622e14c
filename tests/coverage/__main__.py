"""`python -m tests.coverage`: gaps hidden in a county; are all found, and is none invented?"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.coverage.county import County
from tests.coverage.trial import Verdict, judge


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a county whose desk sleeps and one whose desk does not; 1 where a gap was misjudged."""
    parser = argparse.ArgumentParser(prog="python -m tests.coverage", description=__doc__)
    parser.add_argument("--homes", type=int, default=27_102)
    parser.add_argument("--gaps", type=int, default=250, help="homes with a gap")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    failed = 0
    for is_always in (False, True):
        county = County(asked.homes, asked.gaps, asked.seed, is_desk_always=is_always)
        with TemporaryDirectory() as folder:
            verdict = judge(Path(folder), county)
        print(_line(county, verdict, "day and night" if is_always else "by day"), flush=True)
        failed += bool(verdict.missed or verdict.invented)
    return 1 if failed else 0


def _line(county: County, verdict: Verdict, desk: str) -> str:
    made = "  ".join(f"{name} {count}" for name, count in sorted(county.counts.items()))
    wrong = [f"\n  missed {one}" for one in sorted(verdict.missed)[:20]]
    wrong += [f"\n  invented {one}" for one in sorted(verdict.invented)[:20]]
    return (
        f"desk {desk}: {sum(county.counts.values())} homes spoiled ({made}), "
        f"{verdict.known} facts; missed {len(verdict.missed)}, invented {len(verdict.invented)}; "
        f"{verdict.sorts} sorts of home, {verdict.seconds:.1f} s, "
        f"{verdict.cpu_seconds:.1f} s of processor time" + "".join(wrong)
    )


if __name__ == "__main__":
    sys.exit(main())
