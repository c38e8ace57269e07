"""What one bot of a config would do, as a picture: doubts first, then figures, then its panel."""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot, BotState, Mode
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.preview import ConfigPreview, Preview, PreviewFigure, PreviewPrice, PriceOrigin
from nimbus_tui.tui.viewmodels.frame import Picture, Room, flowed
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    clean,
    heading,
    number,
    paragraphs,
    places_of,
    trimmed,
)
from nimbus_tui.tui.viewmodels.panel import picture

_ORIGINS = {
    PriceOrigin.GIVEN: "as given",
    PriceOrigin.ENGINE: "newest seen",
    PriceOrigin.PAPER_FILE: "kept by the paper exchange",
    PriceOrigin.SYNTHETIC_START: "where the made-up market starts",
    PriceOrigin.FIRST_RECORDED: "first of the file",
}
_MOST_PRICES = 3
_SENTENCE_LINES = 3
ZERO = Decimal(0)


def preview_picture(
    bot_id: str | None,
    answer: ConfigPreview | None,
    room: Room,
    traded: Sequence[str] = (),
    waits: str = "",
) -> Picture:
    """The preview of one bot; why there is none where there is none.

    `traded` are the symbols, or the assets, whose prices are its own; empty: any may be.
    """
    title = [heading(f"what {bot_id} would do now" if bot_id else "what it means", room.width)]
    if bot_id is None:
        rows = paragraphs("Choose a bot's page to see what it would do.", room.width - 2, "muted")
        return Picture((*title, *rows), ())
    if answer is None:
        return Picture((*title, (Cell(f" … {clean(waits) or 'asking the engine'}", "muted"),)), ())
    preview = answer.previews.get(BotId(bot_id))
    if preview is None:
        words = "There is a preview once nothing is wrong with the text."
        return Picture((*title, *paragraphs(words, room.width - 2, "muted")), ())
    lines = [*title, *_doubts(preview, room.width)]
    lines += flowed([_figure(one) for one in preview.figures], room.width)
    prices = _prices_of(traded, answer.prices)
    lines += _prices(prices, room.width)
    if preview.panel is None:
        return Picture(tuple(lines), ())
    drawn = _panel(bot_id, preview.panel, prices, room)
    top = drawn.heading[1:]
    return Picture(tuple(lines), (*top, *drawn.rows), _moved(drawn.focus, len(top)))


def _moved(focus: int | None, by: int) -> int | None:
    return None if focus is None else focus + by


def _doubts(preview: Preview, width: int) -> list[Line]:
    lines: list[Line] = []
    for text in preview.refusals:
        lines += paragraphs(f"✗ {text}", width - 2, "loss")[:_SENTENCE_LINES]
    for text in preview.warnings:
        lines += paragraphs(f"▲ {text}", width - 2, "warning")[:_SENTENCE_LINES]
    return lines


def _figure(figure: PreviewFigure) -> Line:
    value = figure.value
    if isinstance(value, Decimal) and value.is_finite():
        text = trimmed(value, 2 if abs(value) >= 1 else 8)
    else:
        text = "–" if value is None else clean(str(value))
    unit = f" {clean(figure.unit)}" if figure.unit else ""
    return (Cell(f"{clean(figure.name)} ", "muted"), Cell(text, "strong"), Cell(unit, "muted"))


def _prices_of(traded: Sequence[str], prices: Sequence[PreviewPrice]) -> list[PreviewPrice]:
    """A bot's own prices, each once."""
    own = {
        price.symbol: price
        for price in prices
        if not traded or price.symbol in traded or price.symbol.partition("/")[0] in traded
    }
    return list(own.values())


def _prices(prices: Sequence[PreviewPrice], width: int) -> list[Line]:
    facts: list[Line] = [
        (
            Cell(f"{clean(price.symbol)} ", "muted"),
            Cell(number(price.price, max(2, places_of([price.price]))), "price"),
            Cell(f" {_ORIGINS[price.origin]}", "muted"),
        )
        for price in prices[:_MOST_PRICES]
    ]
    return flowed(facts, width)


def _panel(bot_id: str, panel: Panel, prices: Sequence[PreviewPrice], room: Room) -> Picture:
    """Its panel as the bot's own screen would draw it, of a bot that has not begun."""
    price = prices[0] if len(prices) == 1 else None
    stand_in = BotSnapshot(
        bot_id=BotId(bot_id), strategy="", exchange=ExchangeName(""),
        symbol=price.symbol if price is not None else Symbol("/"),
        mode=Mode.PAPER, state=BotState.INITIALIZING, risk="normal", reason="",
        price=price.price if price is not None else None, price_ts=None, position=ZERO,
        average_cost=None, realized_pnl=ZERO, unrealized_pnl=ZERO, pnl_today=ZERO, fees=ZERO,
        equity=ZERO, capital=ZERO, round_trips=0, open_orders=0, quote="", statistics={}, since=0,
    )  # fmt: skip
    detail = BotDetail(bot_id=BotId(bot_id), panel=panel, orders=(), fills=())
    return picture(detail, stand_in, room)
