"""Paints of parts of a row, from the first change on: Textual begins at the left edge."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

_MOVE = "\x1b[{};{}H"


class FineCompositor(Compositor):
    """Sends exactly the columns that were asked for.

    It takes the place of Textual's own, which is private to it: a test over what goes out fails
    when that changes.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed since the last paint."""
        update = super().render_partial_update()
        return FineUpdate(update.chops, update.spans, update.chop_ends) if update else None


class FineUpdate(ChopsUpdate):
    """The spans of an update, cut at both ends."""

    def render_segments(self, console: Console) -> str:
        """The update as it is written to the terminal."""
        return "".join(
            part
            for y, start, end in self.spans
            for part in _parts(self.chops[y], self.chop_ends[y], console, (y, start, end))
        )


def _parts(
    line: Mapping[int, Strip | None],
    ends: Sequence[int],
    console: Console,
    span: tuple[int, int, int],
) -> list[str]:
    """Every widget's piece of a span, behind a move to where it begins."""
    y, start, end = span
    parts = []
    for edge, (x, strip) in zip(ends, line.items(), strict=False):
        first, last = max(x, start), min(edge, end)
        if strip is not None and first < last:
            parts += [
                _MOVE.format(y + 1, first + 1),
                strip.crop(first - x, last - x).render(console),
            ]
    return parts
