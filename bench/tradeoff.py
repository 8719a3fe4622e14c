"""Draws false alarms against delay, one curve a rule, as an SVG that needs nothing else."""

from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 50, 20, 20
MOST_FALSE, MOST_HOURS = 3.0, 13.0
COLOURS = ("#0b6e4f", "#c8553d", "#5b5f97")


class Curve(NamedTuple):
    """A rule's points: false alarms a week, hours."""

    name: str
    points: list[tuple[float, float]]


def _x(false_per_week: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * false_per_week / MOST_FALSE


def _y(hours: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * hours / MOST_HOURS


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{text}</text>'


def draw(curves: list[Curve]) -> str:
    """Draw the curves with their axes and a legend."""
    head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg {head} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tick in range(7):
        false = tick / 2
        parts.append(f'<path d="M{_x(false):.0f} {_y(0):.0f}V{TOP}" stroke="#ddd"/>')
        parts.append(_text(_x(false), _y(0) + 16, f"{false:g}", 'text-anchor="middle"'))
    for hours in range(0, 13, 2):
        parts.append(f'<path d="M{LEFT} {_y(hours):.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, _y(hours) + 4, f"{hours}", 'text-anchor="end"'))
    for budget in (0.65, 1.1):
        way = f"M{_x(budget):.0f} {_y(0):.0f}V{TOP}"
        parts.append(f'<path d="{way}" stroke="#999" stroke-dasharray="4 3"/>')
    parts.append(
        _text(WIDTH / 2, HEIGHT - 10, "false alarms a resident-week", 'text-anchor="middle"')
    )
    parts.append(
        _text(
            16,
            HEIGHT / 2,
            "median delay, hours",
            f'text-anchor="middle" transform="rotate(-90 16 {HEIGHT // 2})"',
        )
    )
    for n, (curve, colour) in enumerate(zip(curves, COLOURS, strict=False)):
        shown = sorted(p for p in curve.points if p[0] <= MOST_FALSE and p[1] <= MOST_HOURS)
        way = "L".join(f"{_x(false):.1f} {_y(hours):.1f}" for false, hours in shown)
        parts.append(f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{_x(false):.1f}" cy="{_y(hours):.1f}" r="3" fill="{colour}"/>'
            for false, hours in shown
        ]
        parts.append(_text(WIDTH - 150, TOP + 20 + 18 * n, curve.name, f'fill="{colour}"'))
    return "\n".join([*parts, "</svg>\n"])
