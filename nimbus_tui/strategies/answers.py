"""What a strategy may answer: the engine takes nothing else, whoever wrote the strategy.

A wrong type deep in a plan would end the turn of every bot, one in a panel every screen. So each
answer is looked through where it enters; what is wrong with it is one sentence.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec

from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.core.errors import UnsoundAnswer
from nimbus_tui.core.events import (
    DcaOrderExecuted,
    Event,
    GridRebalanced,
    Info,
    MartingaleTriggered,
    PortfolioRebalanced,
    Warning,
)
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder, OrderType, Side, TimeInForce
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.plan import Plan, Wake
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.core.redaction import redacted
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StatisticValue

ZERO = Decimal(0)

ENGINES_OWN_KEYS = ("close/", "stop/")
"""Beginnings of keys under which the engine itself closes positions."""
SOONEST_NS = 1_000_000
"""A wake time that has come already means: in a millisecond."""
LONGEST_KEY = 200

_GRAINS = 25
"""Most digits between a number and its grain; Decimal divides with 28."""
_WIDEST_EXPONENT = 30
_INT64 = 2**63

Announcement = (
    GridRebalanced | DcaOrderExecuted | PortfolioRebalanced | MartingaleTriggered | Info | Warning
)
"""What a strategy may tell the world; what orders, risk and engine do is told by those."""

Instruments = Mapping[Symbol, Instrument]
AnyStrategyClass = type[BaseTradingStrategy[Any, Any]]


def sound_plan(answer: object, instruments: Instruments, now: int) -> Plan:
    """A plan that gate, reconcile and wake index can work with; `now` (ns) is when it was asked.

    Raises:
        UnsoundAnswer: it isn't one.
    """
    if not isinstance(answer, Plan):
        raise UnsoundAnswer(f"plan() must return a Plan, not {_kind(answer)}")
    if not isinstance(answer.orders, tuple):
        raise UnsoundAnswer(f"Plan.orders must be a tuple, not {_kind(answer.orders)}")
    keys: set[str] = set()
    for order in answer.orders:
        _check_order(order, instruments)
        if order.key in keys:
            raise UnsoundAnswer(f"the order {order.key!r} is wanted twice in one plan")
        keys.add(order.key)
    wake = _sound_wake(answer.wake, instruments, now)
    return answer if wake is answer.wake else Plan(answer.orders, wake)


MOST_LIKELY_KEYS = 100_000


def sound_keys(answer: object) -> tuple[OrderKey, ...]:
    """Keys that a strategy may have used, so many at most.

    Raises:
        UnsoundAnswer: one of them isn't a key.
    """
    if not isinstance(answer, Iterable):
        raise UnsoundAnswer(f"likely_keys() must give keys, not {_kind(answer)}")
    keys = tuple(islice(answer, MOST_LIKELY_KEYS))
    for key in keys:
        if problem := _key_problem(key):
            raise UnsoundAnswer(f"the likely key {key!r} {problem}")
    return keys


def _check_order(order: object, instruments: Instruments) -> None:
    if not isinstance(order, DesiredOrder):
        raise UnsoundAnswer(f"Plan.orders must hold DesiredOrder, not {_kind(order)}")
    problem = _key_problem(order.key) or _order_problem(order, instruments)
    if problem:
        raise UnsoundAnswer(f"the order {order.key!r} {problem}")


def _key_problem(key: object) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        return f"needs a key of 1 to {LONGEST_KEY} printable characters"
    if key.startswith(ENGINES_OWN_KEYS):
        return f"may not be called so: {' and '.join(ENGINES_OWN_KEYS)} are the engine's own keys"
    return ""


def _order_problem(order: DesiredOrder, instruments: Instruments) -> str:
    instrument = instruments.get(order.symbol)
    if instrument is None:
        known = ", ".join(instruments)
        return f"is for {order.symbol!r}, which the bot doesn't trade; symbols() names {known}"
    for name, kind in _WORDS:
        if not isinstance(getattr(order, name), kind):
            return f"needs a {kind.__name__} as its {name}, not {_kind(getattr(order, name))}"
    if not _is_number(order.quantity, instrument.lot_size):
        return f"needs a finite Decimal as its quantity, not {order.quantity!r}"
    for name, price in (("price", order.price), ("trigger_price", order.trigger_price)):
        if price is not None and not (_is_number(price, instrument.tick_size) and price > ZERO):
            return f"needs a Decimal above 0, or None, as its {name}, not {price!r}"
    if order.type is OrderType.LIMIT and order.price is None:
        return "is a limit order without a price"
    if order.type is not OrderType.LIMIT and order.price is not None:
        return f"is a {order.type.value} order with a price"
    return ""


_WORDS: tuple[tuple[str, type], ...] = (
    ("side", Side),
    ("type", OrderType),
    ("time_in_force", TimeInForce),
    ("post_only", bool),
    ("reduce_only", bool),
)


def _sound_wake(wake: object, instruments: Instruments, now: int) -> Wake:
    if not isinstance(wake, Wake) or not isinstance(wake.bands, Mapping):
        raise UnsoundAnswer(f"Plan.wake must be a Wake with a table of bands, not {_kind(wake)}")
    for symbol, band in wake.bands.items():
        instrument = instruments.get(symbol)
        if instrument is None:
            raise UnsoundAnswer(f"Wake.bands has {symbol!r}, which the bot doesn't trade")
        edges = band if isinstance(band, tuple) and len(band) == 2 else (band, band)
        if not all(edge is None or _is_number(edge, instrument.tick_size) for edge in edges):
            raise UnsoundAnswer(
                f"Wake.bands of {symbol} must be (below, above), each a finite Decimal or None, "
                f"not {band!r}"
            )
    if not isinstance(wake.settled, bool) or not isinstance(wake.at, int | None):
        raise UnsoundAnswer("Wake.at must be a time in ns or None, Wake.settled a bool")
    if wake.at is None or wake.at > now:
        return wake
    return msgspec.structs.replace(wake, at=now + SOONEST_NS)


def sound_capital(answer: object) -> Decimal:
    """What `required_capital` may answer: quote, 0 where the strategy doesn't say.

    Raises:
        UnsoundAnswer: it isn't that.
    """
    if not isinstance(answer, Decimal) or not _is_tame(answer) or answer < ZERO:
        raise UnsoundAnswer(f"required_capital() must return a Decimal ≥ 0, not {answer!r}")
    return answer


def sound_problems(answer: object) -> Sequence[Problem]:
    """What `validate` may answer.

    Raises:
        UnsoundAnswer: it isn't a list of `Problem`.
    """
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        raise UnsoundAnswer(f"validate() must return a list of Problem, not {_kind(answer)}")
    for problem in answer:
        if not isinstance(problem, Problem) or not _are_texts(problem.key, problem.message):
            raise UnsoundAnswer(f"validate() must return Problem(key, message), not {problem!r}")
    return answer


def sound_symbols(answer: object) -> list[Symbol]:
    """What `symbols` may answer: one or more texts, each once.

    Raises:
        UnsoundAnswer: it isn't that.
    """
    is_list = isinstance(answer, Sequence) and not isinstance(answer, str | bytes)
    if not is_list or not answer or not _are_texts(*answer):  # type: ignore[misc]
        raise UnsoundAnswer(f"symbols() must return one or more symbols, not {answer!r}")
    return list(dict.fromkeys(answer))  # type: ignore[call-overload]


def sound_claims(answer: object, instruments: Instruments) -> dict[Symbol, Decimal]:
    """What `wanted_claim` may answer: quantities by symbol.

    Raises:
        UnsoundAnswer: it isn't that.
    """
    if not isinstance(answer, Mapping):
        raise UnsoundAnswer(f"wanted_claim() must return a table, not {_kind(answer)}")
    for symbol, quantity in answer.items():
        instrument = instruments.get(symbol)
        if instrument is None:
            raise UnsoundAnswer(f"wanted_claim() has {symbol!r}, which the bot doesn't trade")
        if not _is_number(quantity, instrument.lot_size) or quantity < ZERO:
            raise UnsoundAnswer(f"wanted_claim() of {symbol} must be ≥ 0, not {quantity!r}")
    return dict(answer)


def sound_saved_state(answer: object) -> bytes:
    """What `saved_state` may answer.

    Raises:
        UnsoundAnswer: it isn't bytes.
    """
    if not isinstance(answer, bytes):
        raise UnsoundAnswer(f"saved_state() must return bytes, not {_kind(answer)}")
    return answer


def sound_event(event: object) -> Event:
    """What a strategy may announce: an `Announcement` that the journal can read again.

    Raises:
        UnsoundAnswer: it isn't one.
    """
    if not isinstance(event, Announcement):
        raise UnsoundAnswer(f"a strategy can't announce {_kind(event)}; Info and Warning take text")
    _again(event, Announcement, "announce()")
    return event


def sound_cycles(answer: object) -> list[Cycle]:
    """What `take_cycles` may answer.

    Raises:
        UnsoundAnswer: it isn't a list of cycles that can be reckoned with.
    """
    if not isinstance(answer, list):
        raise UnsoundAnswer(f"take_cycles() must return a list, not {_kind(answer)}")
    for cycle in answer:
        if not isinstance(cycle, Cycle):
            raise UnsoundAnswer(f"take_cycles() must return Cycle, not {_kind(cycle)}")
        _again(cycle, Cycle, "take_cycles()")
        if not isinstance(cycle.result, Decimal) or not _is_tame(cycle.result):
            raise UnsoundAnswer(f"take_cycles() has the result {cycle.result!r}")
    return answer


def sound_panel(answer: object) -> Panel | None:
    """What `get_state` may answer: one of the panels, every field of its type, numbers finite.

    Raises:
        UnsoundAnswer: it isn't one.
    """
    if answer is None:
        return None
    panel: Panel = _again(answer, Panel, "get_state()")
    _check_tame(panel, "get_state()")
    return panel


def sound_preview(answer: object) -> Preview:
    """What `preview` may answer.

    Raises:
        UnsoundAnswer: it isn't a preview with every field of its type.
    """
    if not isinstance(answer, Preview):
        raise UnsoundAnswer(f"preview() must return a Preview, not {_kind(answer)}")
    for figure in answer.figures:
        if not isinstance(figure, PreviewFigure) or not _are_texts(figure.name, figure.unit):
            raise UnsoundAnswer(f"preview() must have PreviewFigure(name, value, unit): {figure!r}")
        if not isinstance(figure.value, Decimal | int | str | None):
            raise UnsoundAnswer(f"preview() has a figure that is no number or text: {figure!r}")
    if not _are_texts(*answer.warnings, *answer.refusals):
        raise UnsoundAnswer("preview() must have texts for its warnings and refusals")
    _check_tame(answer.figures, "preview()")
    return msgspec.structs.replace(answer, panel=sound_panel(answer.panel))


def sound_statistics(answer: object) -> dict[str, StatisticValue]:
    """What `get_statistics` may answer: figures by name, or lists and tables of figures.

    Raises:
        UnsoundAnswer: it isn't that.
    """
    if not isinstance(answer, Mapping):
        raise UnsoundAnswer(f"get_statistics() must return a table, not {_kind(answer)}")
    return {_name(key): _figure(value) for key, value in answer.items()}


def _name(key: object) -> str:
    if not isinstance(key, str) or not key.isprintable():
        raise UnsoundAnswer(f"get_statistics() needs printable names, not {key!r}")
    return key


def _figure(value: object) -> Any:
    """A figure as it can be shown; None for what can't be."""
    match value:
        case None | bool():
            return value
        case str():
            return as_text(value)
        case Decimal() if _is_tame(value):
            return value
        case int() if abs(value) < _INT64:
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {_name(name): _figure(part) for name, part in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_figure(part) for part in value]
        case _:
            return None


def in_words(error: BaseException) -> str:
    """An exception as its type and text, whatever the text is made of."""
    try:
        text = str(error)
    except Exception:
        text = "(it has no readable text)"
    return as_text(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def as_text(text: str) -> str:
    """A text that can be written and told: half characters become question marks."""
    return redacted(text.encode("utf-8", "replace").decode())


# details


def _kind(value: object) -> str:
    return type(value).__name__


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_number(value: object, grain: Decimal) -> bool:
    """Whether a value is a Decimal that can be divided by its grain."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    return -_WIDEST_EXPONENT <= value.adjusted() <= grain.adjusted() + _GRAINS


def _is_tame(value: Decimal) -> bool:
    """Whether a number can be rounded and written in full."""
    return value.is_finite() and abs(value.adjusted()) <= _WIDEST_EXPONENT


def _again(value: object, kind: Any, call: str) -> Any:
    """A value as it arrives on the other side of a socket or in the journal."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise UnsoundAnswer(f"{call} gave a {_kind(value)} that can't be kept: {error}") from error


def _check_tame(value: object, call: str) -> None:
    match value:
        case Decimal():
            if not _is_tame(value):
                raise UnsoundAnswer(f"{call} has the number {value!r}, which can't be shown")
        case msgspec.Struct():
            for name in value.__struct_fields__:
                _check_tame(getattr(value, name), call)
        case tuple() | list():
            for part in value:
                _check_tame(part, call)
