"""What a bot's orders were refused for, and when each may be tried again."""

from collections.abc import Iterator, Set
from decimal import Decimal
from typing import Protocol

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order, RefusalKind, Refused
from nimbus_tui.core.plan import Band
from nimbus_tui.engine.closing import is_closing_key
from nimbus_tui.risk.limits import RiskLimits

MAX_RETRY_S = 60
"""Longest wait before an order that was refused is tried again."""
MAX_EXIT_RETRY_S = 5
"""The same of an exit while the venue is busy, or takes nothing that would fill at once."""
RACE = RefusalKind.POST_ONLY_WOULD_CROSS
UNCOUNTED = frozenset({RACE, RefusalKind.BUSY})
"""Refusals that pass by themselves: they say nothing against the order, so never pause the bot."""


class Refusal(msgspec.Struct, frozen=True):
    """The newest refusal of a key and when it may be tried again."""

    kind: RefusalKind
    reason: str
    times: int
    """How often in a row it was of this kind, as far as is known; the next wait goes by it."""
    counted: int
    """How often the venue has answered so: this pauses the bot; 0 for what passes by itself."""
    retry_at: int | None
    """Time of the next try, or None: on the next price."""
    symbol: Symbol
    price: Decimal | None
    is_told: bool = True
    """Whether the venue's answer has come; a report may overtake it, and says not of what kind."""


class Pausable(Protocol):
    """What a rule can pause."""

    def risk_pause(self, reason: str) -> None:
        """Pause until the operator has looked."""
        ...


class RefusedBot(Protocol):
    """The bot as its refusals see it."""

    limits: RiskLimits
    prices: dict[Symbol, Quote]

    @property
    def standing(self) -> Pausable:
        """How it stands."""
        ...


class Refusals:
    """Those of one bot, by key. They wait longer each time; a race waits for the next price."""

    def __init__(self, bot: RefusedBot, clock: Clock) -> None:
        self._bot = bot
        self._clock = clock
        self._newest: dict[OrderKey, Refusal] = {}

    def note(self, order: Order, refused: Refused) -> None:
        """Wait before the next try; the same refusal again and again pauses the bot."""
        last = self._newest.get(order.key)
        # By kind: the words hold prices and balances, which change from one try to the next.
        if last is None or last.kind is not refused.kind:
            times, counted = 1, 1
        else:
            times, counted = last.times + last.is_told, last.counted + 1
        race = refused.kind is RACE
        quote = self._bot.prices.get(order.symbol)
        wait_ns = _wait_s(order.key, refused.kind, times) * NS_PER_SECOND
        counted = 0 if refused.kind in UNCOUNTED else counted
        self._newest[order.key] = Refusal(
            kind=refused.kind,
            reason=refused.reason,
            times=times,
            counted=counted,
            retry_at=None if race else self._clock.now() + wait_ns,
            symbol=order.symbol,
            price=quote.price if race and quote is not None else None,
        )
        if counted >= self._bot.limits.repeat_refusals:
            self._bot.standing.risk_pause(
                f"{order.key} was refused {counted} times in a row: {refused.reason}"
            )

    def reported(self, order: Order) -> None:
        """The venue has told that it refused an order; its answer may follow, or be lost."""
        last = self._newest.get(order.key)
        if last is None or last.kind is RACE:
            kind, times, counted = RefusalKind.INVALID, 1, 0
        else:
            kind, times, counted = last.kind, last.times + 1, last.counted
        self._newest[order.key] = Refusal(
            kind=kind,
            reason=order.reason,
            times=times,
            counted=counted,
            retry_at=self._clock.now() + _wait_s(order.key, kind, times) * NS_PER_SECOND,
            symbol=order.symbol,
            price=None,
            is_told=False,
        )

    def accepted(self, key: OrderKey) -> None:
        """An order under the key has got through."""
        self._newest.pop(key, None)

    def is_passing(self, order: Order) -> bool:
        """Whether what an order was refused for is a state of the venue that passes."""
        last = self._newest.get(order.key)
        if last is None or last.reason != order.reason:
            return False
        return last.kind is RefusalKind.BUSY

    def worst(self) -> tuple[int, str]:
        """How often in a row a key was refused for one reason, the worst of all; key and reason."""
        found = [
            (one.counted, f"{key}: {one.reason}")
            for key, one in self._newest.items()
            if one.counted
        ]
        return max(found, default=(0, ""))

    def price_moved(self, quote: Quote) -> None:
        """A race is over once the price has moved."""
        for key, refusal in list(self._newest.items()):
            raced = refusal.retry_at is None and refusal.symbol == quote.symbol
            if raced and refusal.price != quote.price:
                del self._newest[key]

    def waiting(self) -> dict[OrderKey, str]:
        """Keys that must wait for their next try, with the reason of the refusal."""
        now = self._clock.now()
        return {
            key: f"refused: {refusal.reason}"
            for key, refusal in self._newest.items()
            if refusal.retry_at is None or refusal.retry_at > now
        }

    def times(self) -> Iterator[int | None]:
        """When each refused key may be tried again; None: on the next price."""
        return (refusal.retry_at for refusal in self._newest.values())

    def band(self, symbol: Symbol) -> Band:
        """While an order lost a race, any price of its symbol is worth a turn."""
        for refusal in self._newest.values():
            if refusal.retry_at is None and refusal.symbol == symbol:
                return (refusal.price, refusal.price)
        return (None, None)

    def forget_all_but(self, keys: Set[OrderKey]) -> None:
        """Refusals of orders that nobody wishes any more are of no interest."""
        for key in self._newest.keys() - keys:
            if not is_closing_key(key):
                del self._newest[key]

    def forget(self) -> None:
        """The operator has looked: try again at once."""
        self._newest.clear()


def _wait_s(key: OrderKey, kind: RefusalKind, times: int) -> int:
    hurries = kind is RefusalKind.BUSY and is_closing_key(key)
    longest = MAX_EXIT_RETRY_S if hurries else MAX_RETRY_S
    return int(min(2 ** min(times - 1, 10), longest))
