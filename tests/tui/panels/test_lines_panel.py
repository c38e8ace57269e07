"""What a panel asks to be painted is what differs: a terminal that paints only that is right."""

from random import Random
from typing import Any

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.theme import TOKENS
from nimbus_tui.tui.viewmodels.lines import Cell, Line

WIDTH, HEIGHT = 30, 6


class Glass(LinesPanel):
    """Keeps what a terminal shows that paints the asked regions and nothing else."""

    def __init__(self) -> None:
        super().__init__(id="glass")
        self.shown: list[list[Segment]] = []
        self.cells = 0

    def refresh(self, *regions: Region, **options: Any) -> "Glass":
        super().refresh(*regions, **options)
        for region in regions:
            self.look(region)
        return self

    def look(self, region: Region) -> None:
        """Paint a region as the terminal would."""
        row = cells(self.render_line(region.y))
        self.shown[region.y][region.x : region.right] = row[region.x : region.right]
        self.cells += region.width

    def all(self) -> list[list[Segment]]:
        return [cells(self.render_line(y)) for y in range(HEIGHT)]


class Stand(App[None]):
    """One panel."""

    CSS = f"Glass {{ width: {WIDTH}; height: {HEIGHT}; }}"

    def __init__(self) -> None:
        super().__init__()
        self.glass = Glass()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(TOKENS)

    def compose(self) -> ComposeResult:
        yield self.glass


def cells(strip: Strip) -> list[Segment]:
    """One segment a column; a wide sign is followed by its other half."""
    return [
        Segment(part, segment.style)
        for segment in strip
        for sign in segment.text
        for part in ((sign, "") if sign == "円" else (sign,))
    ]


def some_line(chance: Random) -> Line:
    words = ["eth-grid", "2,400.10", "2,400.25", "▲ buy", "円", " ", "      ", "running " * 5, ""]
    tones = ["plain", "gain", "loss", "alarm", "muted"]
    return tuple(
        Cell(chance.choice(words), chance.choice(tones)) for _ in range(chance.randint(0, 4))
    )


@pytest.mark.parametrize("seed", range(8))
async def test_painting_only_what_changed_shows_everything(seed: int) -> None:
    chance, app = Random(seed), Stand()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        glass = app.glass
        await pilot.pause()
        glass.shown = glass.all()
        rows = [some_line(chance) for _ in range(HEIGHT)]
        for _ in range(150):
            for _ in range(chance.randint(0, 3)):
                rows[chance.randrange(HEIGHT)] = some_line(chance)
            glass.show(rows[: chance.randint(0, HEIGHT)], selected=chance.choice([None, 1, 3]))
            if chance.random() < 0.2:  # another widget's paint passes over a part of a row
                glass.look(Region(chance.randrange(WIDTH - 5), chance.randrange(HEIGHT), 5, 1))
            glass.paint(chance.choice([1, 3, HEIGHT]))
            if chance.random() < 0.3:
                glass.paint(HEIGHT)
                assert glass.shown == glass.all()


async def test_a_figure_that_changes_costs_a_few_columns() -> None:
    app = Stand()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        glass = app.glass
        await pilot.pause()
        glass.shown = glass.all()
        for price in ("2,400.10", "2,400.10", "2,400.25"):
            glass.cells = 0
            glass.show([(Cell("eth-grid  "), Cell(price), Cell("  running"))])
            glass.paint(HEIGHT)
        assert glass.cells == 2


async def test_a_row_that_came_back_after_a_foreign_paint_is_painted_whole() -> None:
    app, old, new = Stand(), (Cell("before"),), (Cell("behind"),)
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        glass = app.glass
        await pilot.pause()
        glass.shown = glass.all()
        for _ in range(2):
            glass.show([old])
            glass.paint(HEIGHT)
        glass.show([new])
        glass.look(Region(0, 0, 6, 1))
        glass.show([old])
        glass.paint(HEIGHT)
        assert glass.shown == glass.all()


async def test_a_small_budget_goes_round_though_every_row_changes_all_the_time() -> None:
    app = Stand()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        glass, seen = app.glass, set()
        await pilot.pause()
        glass.shown = glass.all()
        for turn in range(3):
            glass.show([(Cell(f"row {y} turn {turn}", "plain"),) for y in range(HEIGHT)])
            before = set(glass._dirty)
            glass.paint(2)
            seen |= before - glass._dirty
        assert seen == set(range(HEIGHT))


async def test_where_the_selection_comes_and_goes_is_painted_first() -> None:
    app = Stand()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        glass = app.glass
        await pilot.pause()
        glass.shown = glass.all()
        for turn, chosen in enumerate((1, 4)):
            lines = [(Cell(f"row {y} turn {turn}", "plain"),) for y in range(HEIGHT)]
            glass.show(lines, selected=chosen)
            glass.paint(HEIGHT if turn == 0 else 2)
        assert glass._dirty == {0, 2, 3, 5}
