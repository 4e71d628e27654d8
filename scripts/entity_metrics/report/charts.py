"""Pictures as SVG text: what is in them is also said in words or in a table beside them."""

from collections.abc import Sequence

from markupsafe import Markup, escape

SOLID, STRIPED, DOTTED = "solid", "striped", "dotted"
"""Ways to fill a bar, told apart without colour, too: classes of the page's style."""


def stacked_bars(
    labels: Sequence[str], series: dict[str, Sequence[int]], title: str, width: int = 720, height: int = 180
) -> Markup:
    """A bar for each label, made of the series from the bottom up. Values are not negative.

    series: by the pattern that they are filled with. width, height: in pixels; what is less than 60 high has no words in it.
    """
    highest = max((sum(values) for values in zip(*series.values(), strict=True)), default=0) or 1
    is_large = height >= 60
    step, tall, below = width / max(len(labels), 1), height - (12 if is_large else 2), 20 if is_large else 0
    tops = [float(height)] * len(labels)
    parts = [_begin(width, height + below, title)]
    for pattern, values in series.items():
        path = ""
        for at, value in enumerate(values):
            if value:
                bar = max(value / highest * tall, 1)
                tops[at] -= bar
                path += f"M{at * step + 1:.1f},{tops[at]:.1f}h{max(step - 2, 1):.1f}v{bar:.1f}h-{max(step - 2, 1):.1f}z"
        parts.append(f'<path class="{pattern}" d="{path}"/>' if path else "")
    if is_large:
        every = max(1, -(-len(labels) * 80 // width))
        shown = [(at * step + 1, label) for at, label in enumerate(labels) if at % every == 0]
        parts += [f'<text x="{left:.1f}" y="{height + 14}">{escape(label)}</text>' for left, label in shown]
        parts.append(f'<text x="0" y="10">{highest:,}</text>')
    return Markup("".join(parts) + "</svg>")


def line(values: Sequence[float], title: str) -> Markup:
    """A small line, the latest value at the right."""
    width, height = 120, 24
    highest = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    points = " ".join(f"{at * step:.1f},{height - 2 - value / highest * (height - 4):.1f}" for at, value in enumerate(values))
    return Markup(f'{_begin(width, height, title)}<polyline points="{points}"/></svg>')


def share_bar(share: float | None) -> Markup:
    """A bar that is full at 1; empty where there is nothing to share. The number stands beside it."""
    filled = f'<path d="M0 5h{share * 60:.1f}"/>' if share else ""
    return Markup(f'<svg class="bar" aria-hidden="true">{filled}</svg>')


def _begin(width: int, height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
