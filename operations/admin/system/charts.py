"""Charts as SVG: where each bar stands, in units of the drawing. Pure; the template draws them.

Everything is an attribute of the drawing and a class of the style sheet, so that they show under a policy without
inline styles, and in the dark.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

WIDTH: Final = 560
HEIGHT: Final = 190
LEFT, RIGHT, TOP, BOTTOM = 34, 4, 10, 22
PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
PLOT_HEIGHT: Final = HEIGHT - TOP - BOTTOM
BAR_SHARE: Final = 0.72
STEPS: Final = (1, 2, 5, 10)
MOST_LINES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Bar:
    """`more` goes beyond `value` and is drawn lighter; `says` is told to whoever points at it."""

    value: float | None
    more: float | None = None
    says: str
    is_present: bool = False


@dataclass(frozen=True, kw_only=True)
class Label:
    """Under the bars from `first` on, as many as `bars`."""

    text: str
    first: int
    bars: int = 1


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    x: float
    y: float
    height: float
    more_y: float
    more_height: float
    bar: Bar


@dataclass(frozen=True, kw_only=True)
class Line:
    y: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    title: str
    rectangles: tuple[Rectangle, ...]
    bar_width: float
    lines: tuple[Line, ...]
    labels: tuple[tuple[float, str], ...]
    target_y: float | None

    width, height, left, right, base = WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM

    @classmethod
    def of(cls, title: str, bars: Sequence[Bar], *, labels: Sequence[Label], target: float | None = None) -> Self:
        scale = Scale.reaching(max((top_of(bar) for bar in bars), default=0.0), target=target)
        slot = PLOT_WIDTH / max(len(bars), 1)
        return cls(
            title=title,
            rectangles=tuple(_rectangle(bar, place, slot=slot, scale=scale) for place, bar in enumerate(bars)),
            bar_width=round(slot * BAR_SHARE, 2),
            lines=tuple(Line(y=scale.y(value), text=f"{value:g}") for value in scale.values),
            labels=tuple((round(LEFT + slot * (one.first + one.bars / 2), 2), one.text) for one in labels),
            target_y=None if target is None else scale.y(target),
        )

    @property
    def is_empty(self) -> bool:
        return all(rectangle.bar.value in (None, 0) for rectangle in self.rectangles)


@dataclass(frozen=True, kw_only=True)
class Scale:
    step: float
    top: float

    @classmethod
    def reaching(cls, highest: float, *, target: float | None) -> Self:
        """Up to a round number, in not more than four round steps."""
        highest = max(highest, target or 0.0, 1.0)
        magnitude = 10 ** math.floor(math.log10(highest / MOST_LINES)) if highest > MOST_LINES else 1
        step = next(magnitude * step for step in STEPS if magnitude * step * MOST_LINES >= highest)
        return cls(step=step, top=step * math.ceil(highest / step))

    @property
    def values(self) -> Sequence[float]:
        return [self.step * place for place in range(round(self.top / self.step) + 1)]

    def y(self, value: float) -> float:
        return round(TOP + PLOT_HEIGHT * (1 - value / self.top), 2)


def top_of(bar: Bar) -> float:
    return max(bar.value or 0.0, bar.more or 0.0)


def _rectangle(bar: Bar, place: int, *, slot: float, scale: Scale) -> Rectangle:
    y, more_y = scale.y(bar.value or 0.0), scale.y(top_of(bar))
    return Rectangle(
        x=round(LEFT + slot * (place + (1 - BAR_SHARE) / 2), 2),
        y=y,
        height=round(HEIGHT - BOTTOM - y, 2),
        more_y=more_y,
        more_height=round(y - more_y, 2),
        bar=bar,
    )
