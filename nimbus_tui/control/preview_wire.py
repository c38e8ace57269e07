"""A preview as it travels: a figure may be a number, a count or a text, and says which it is."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import BotId
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.preview import ConfigPreview, Preview, PreviewFigure, PreviewPrice
from nimbus_tui.core.problems import ConfigProblem


class WireFigure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`PreviewFigure`; one of number, count and text, or none of them."""

    name: str
    number: Decimal | None = None
    count: int | None = None
    text: str | None = None
    unit: str = ""


class WirePreview(msgspec.Struct, frozen=True, kw_only=True):
    """`Preview`."""

    panel: Panel | None
    figures: tuple[WireFigure, ...]
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]


class WireConfigPreview(msgspec.Struct, frozen=True, kw_only=True):
    """`ConfigPreview`."""

    errors: tuple[ConfigProblem, ...]
    previews: dict[BotId, WirePreview]
    prices: tuple[PreviewPrice, ...]


def to_wire(preview: ConfigPreview) -> WireConfigPreview:
    """As it leaves the engine."""
    return WireConfigPreview(
        errors=preview.errors,
        previews={
            bot_id: WirePreview(
                panel=bot.panel,
                figures=tuple(_figure_to_wire(figure) for figure in bot.figures),
                warnings=bot.warnings,
                refusals=bot.refusals,
            )
            for bot_id, bot in preview.previews.items()
        },
        prices=preview.prices,
    )


def from_wire(wire: WireConfigPreview) -> ConfigPreview:
    """As it reaches the client."""
    return ConfigPreview(
        errors=wire.errors,
        previews={
            bot_id: Preview(
                panel=bot.panel,
                figures=tuple(_figure_from_wire(figure) for figure in bot.figures),
                warnings=bot.warnings,
                refusals=bot.refusals,
            )
            for bot_id, bot in wire.previews.items()
        },
        prices=wire.prices,
    )


def _figure_to_wire(figure: PreviewFigure) -> WireFigure:
    name, unit = figure.name, figure.unit
    match figure.value:
        case Decimal() as number:
            return WireFigure(name=name, number=number, unit=unit)
        case int() as count:
            return WireFigure(name=name, count=count, unit=unit)
        case text:
            return WireFigure(name=name, text=text, unit=unit)


def _figure_from_wire(wire: WireFigure) -> PreviewFigure:
    given = (value for value in (wire.number, wire.count, wire.text) if value is not None)
    return PreviewFigure(wire.name, next(given, None), wire.unit)
