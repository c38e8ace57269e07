"""A paint of some columns sends these and no others."""

import io

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nimbus_tui.tui.fine_updates import FineCompositor, FineUpdate
from tests.tui.opened import opened

PLAIN = Style.null()
CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="256")
LINE = {
    0: Strip([Segment("left  ", PLAIN), Segment("panel ", PLAIN)]),
    12: None,
    14: Strip([Segment("right", PLAIN)]),
}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 2, 5), "\x1b[1;3Hft "),
        ((0, 4, 9), "\x1b[1;5H  pan"),
        ((0, 10, 16), "\x1b[1;11Hl \x1b[1;15Hri"),
        ((0, 12, 14), ""),
        ((0, 0, 19), "\x1b[1;1Hleft  panel \x1b[1;15Hright"),
    ],
)
def test_exactly_the_columns_of_a_span_go_out(span: tuple[int, int, int], expected: str) -> None:
    update = FineUpdate([LINE], [span], [[12, 14, 19]])
    assert update.render_segments(CONSOLE) == expected


def test_several_spans_of_a_row_are_sent_once_each() -> None:
    update = FineUpdate([LINE], [(0, 0, 1), (0, 6, 7)], [[12, 14, 19]])
    assert update.render_segments(CONSOLE) == "\x1b[1;1Hl\x1b[1;7Hp"


async def test_the_live_screen_paints_so() -> None:
    async with opened() as (app, _):
        assert isinstance(app.live._compositor, FineCompositor)
        assert app.live._compositor.render_partial_update() is None
