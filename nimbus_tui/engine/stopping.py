"""What stopping means: one policy for every way of stopping, and its outcome told beforehand."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument

ZERO = Decimal(0)


class StopWay(Enum):
    """Why a bot leaves the market."""

    OPERATOR = "operator"
    """The key, the command line or a program: they all send the same command."""
    FLATTEN = "flatten"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    POSITION_AGE = "position_age"
    OTHER_EXIT = "other_exit"
    """An exit rule of another package."""
    RULE = "rule"
    """A step of a rule's ladder."""
    FAULTS = "faults"
    """Its strategy raised too often."""
    EMERGENCY = "emergency"
    REARM = "rearm"
    """What it is left with after an emergency."""
    SHUTDOWN = "shutdown"
    """The engine ends: a signal, or the operator quits."""


class StopPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the position, and of the orders where the engine ends."""

    close_on_stop: bool = False
    """The bot's `on_stop`."""
    close_in_emergency: bool = False
    """The engine's `emergency`."""
    cancel_on_shutdown: bool = False
    """The engine's `on_shutdown`."""

    def closes(self, way: StopWay) -> bool:
        """Whether the position is closed."""
        match way:
            case StopWay.FLATTEN | StopWay.STOP_LOSS | StopWay.TAKE_PROFIT:
                return True
            case StopWay.POSITION_AGE | StopWay.OTHER_EXIT:
                return True
            case StopWay.OPERATOR | StopWay.RULE | StopWay.FAULTS:
                return self.close_on_stop
            case StopWay.EMERGENCY:
                return self.close_in_emergency
            case StopWay.REARM | StopWay.SHUTDOWN:
                return False

    def cancels(self, way: StopWay, asked: bool | None = None) -> bool:
        """Whether the orders are cancelled; `asked` is what a shutdown was told, if anything."""
        if way is not StopWay.SHUTDOWN:
            return True
        return self.cancel_on_shutdown if asked is None else asked


class StopOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What stopping a bot would do now."""

    bot_id: BotId
    cancels: tuple[OrderKey, ...]
    """Orders that will be cancelled."""
    stays: tuple[OrderKey, ...] = ()
    """Orders that go on resting."""
    closes: Mapping[Symbol, Decimal] = msgspec.field(default_factory=dict)
    """What of each position will be sold (or bought back where negative)."""
    keeps: Mapping[Symbol, Decimal] = msgspec.field(default_factory=dict)
    """What of each position stays."""
    dust: Mapping[Symbol, Decimal] = msgspec.field(default_factory=dict)
    """What would be closed and is too little for an order: it stays too."""


def described(outcome: StopOutcome, instruments: Mapping[Symbol, Instrument]) -> str:
    """An outcome in words: the orders that go, and what happens to the position."""
    words = [_orders(outcome)]
    for symbol, quantity in outcome.closes.items():
        does = "sold" if quantity > ZERO else "bought back"
        words.append(f"{_amount(quantity, instruments[symbol])} are {does} at the market")
    for symbol, quantity in outcome.keeps.items():
        is_short = "a short of " if quantity < ZERO else ""
        words.append(f"its position of {is_short}{_amount(quantity, instruments[symbol])} is kept")
    for symbol, quantity in outcome.dust.items():
        amount = _amount(quantity, instruments[symbol])
        words.append(f"{amount} stay: they are under the venue's least order")
    if not (outcome.closes or outcome.keeps or outcome.dust):
        words.append("it has no position")
    return f"{outcome.bot_id}: {'; '.join(words)}"


def summed(outcomes: Iterable[StopOutcome]) -> str:
    """What becomes of several bots at once, in figures."""
    every = list(outcomes)
    stays = sum(len(one.stays) for one in every)
    words = [_staying(stays) if stays else _cancelled(sum(len(one.cancels) for one in every))]
    closes = sum(len(one.closes) for one in every)
    keeps = sum(len(one.keeps) + len(one.dust) for one in every)
    words += [f"{_positions(closes)} closed at the market"] if closes else []
    words += [f"{_positions(keeps)} kept"] if keeps else []
    return "; ".join(words)


def _orders(outcome: StopOutcome) -> str:
    return _staying(len(outcome.stays)) if outcome.stays else _cancelled(len(outcome.cancels))


def _cancelled(count: int) -> str:
    if not count:
        return "no order is cancelled"
    return "1 order is cancelled" if count == 1 else f"{count} orders are cancelled"


def _staying(count: int) -> str:
    return "1 order goes on resting" if count == 1 else f"{count} orders go on resting"


def _positions(count: int) -> str:
    return "1 position is" if count == 1 else f"{count} positions are"


def _amount(quantity: Decimal, instrument: Instrument) -> str:
    return f"{abs(quantity).normalize():f} {instrument.base}"
