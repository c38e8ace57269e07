"""What the account holds against what the bots hold: the rest is not ours, and explained.

At first the rest is taken as it is. After that it changes by fills of orders that aren't ours, and
on spot by transfers. A perpetual position that changes otherwise, or coins that the bots should
have and that aren't there, pause the bots that hold them once two looks running have seen the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.events import Info, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.saved import Saved
from nimbus_tui.engine.venue_side import VenueSide
from nimbus_tui.journal.base import BotRecord, Journal

ZERO = Decimal(0)
SETTLE_NS = 20 * NS_PER_SECOND
"""How far apart the two looks must be that agree on a difference: an account may lag behind."""
LOOKS = 2
"""How many looks running must agree before a pause is lifted."""

Holding = Symbol | Asset
"""A perpetual's symbol, or the coin of spot markets."""


def not_ours_fact(exchange: ExchangeName, holding: Holding) -> str:
    """The journal's name for what an account holds beside the bots."""
    return f"not-ours/{exchange}/{holding}"


def accepted_fact(exchange: ExchangeName) -> str:
    """The journal's name for fills that no bot knows and that the operator has seen."""
    return f"accepted-fills/{exchange}"


class Suspect(msgspec.Struct, frozen=True):
    """What doesn't add up, and for how long."""

    problem: Decimal | str
    ours: Decimal
    since_ns: int
    """When a look first saw it; each one since has seen the same."""


class Holdings:
    """Those of one venue."""

    def __init__(self, engine: VenueSide, manager: OrderManager) -> None:
        self._engine = engine
        self._manager = manager
        self._suspects: dict[Holding, Suspect] = {}
        self._agreed: dict[Holding, int] = {}

    async def look(self) -> None:
        """Take a snapshot of the account and compare; one that a fill runs into doesn't count."""
        before = self._ours()
        try:
            account = await self._manager.exchange.account_info()
            positions = await self._manager.exchange.positions()
            balances = await self._manager.exchange.balances()
        except ExchangeError:
            return
        await self._manager.catch_up_fills()
        self._engine.process()
        ours = self._ours()
        if ours != before:
            return
        there: dict[Holding, Decimal] = {one.asset: one.total for one in balances}
        there |= {one.symbol: one.quantity for one in positions}
        with self._engine.journal.transaction():
            for holding in ours.keys() - self._muddled(account.fee_assets):
                self._compare(holding, there.get(holding, ZERO), ours[holding])
            self._judge(ours)

    def _compare(self, holding: Holding, there: Decimal, ours: Decimal) -> None:
        fact = not_ours_fact(self._name, holding)
        known = self._journal.fact(fact)
        if known is None:
            self._journal.save_fact(fact, str(there - ours))
            known = str(there - ours)
        problem: Decimal | str = there - ours - Decimal(known)
        lost = self._unowned_words(holding)
        if not problem and lost:
            problem = lost
        if not problem:
            self._suspects.pop(holding, None)
            self._agreed[holding] = self._agreed.get(holding, 0) + 1
            return
        self._agreed[holding] = 0
        now, last = self._engine.clock.now(), self._suspects.get(holding)
        if last is None or (last.problem, last.ours) != (problem, ours):
            self._suspects[holding] = Suspect(problem, ours, now)

    def _judge(self, ours: Mapping[Holding, Decimal]) -> None:
        """Say what has lasted, and pause or let go the bots that it concerns."""
        words = {
            holding: told
            for holding, suspect in list(self._suspects.items())
            if holding in ours
            and self._has_lasted(suspect)
            and (told := self._verdict(holding, suspect, ours[holding]))
        }
        for bot in self._bots():
            told = "; ".join(words[one] for one in self._holdings_of(bot) if one in words)
            if told and bot.saved.difference != told:
                self._pause(bot, told)
            elif bot.saved.difference and not told and self._agree(bot):
                self._let_go(bot)

    def _has_lasted(self, suspect: Suspect) -> bool:
        return self._engine.clock.now() - suspect.since_ns >= SETTLE_NS

    def _verdict(self, holding: Holding, suspect: Suspect, ours: Decimal) -> str:
        """Why bots are paused; nothing where a transfer explains it."""
        if isinstance(suspect.problem, str):
            return suspect.problem
        change = suspect.problem
        beside = Decimal(self._journal.fact(not_ours_fact(self._name, holding)) or 0)
        there = ours + beside + change
        if ":" not in holding and there >= ours + self._claimed(holding):
            self._rebase(holding, change)
            words = f"{_signed(change)} {holding} without a fill, taken for a transfer"
            self._engine.tell(Info(message=f"{self._name}: {words}; the bots' coins are all there"))
            return ""
        return (
            f"{self._name} holds {_short(there)} {holding}, "
            f"its fills explain {_short(ours + beside)}: {_signed(change)} nobody knows of; "
            "look into it, then resume to accept it"
        )

    def _claimed(self, holding: Holding) -> Decimal:
        """What bots have taken over of it without a fill."""
        claims = (one for bot in self._bots() for one in (bot.saved.claimed or {}).items())
        return sum((quantity for symbol, quantity in claims if _of(symbol) == holding), ZERO)

    def _rebase(self, holding: Holding, change: Decimal) -> None:
        fact = not_ours_fact(self._name, holding)
        self._journal.save_fact(fact, str(Decimal(self._journal.fact(fact) or 0) + change))
        self._suspects.pop(holding, None)

    # bots

    def _pause(self, bot: Bot, words: str) -> None:
        bot.standing.differs(words)
        self._engine.tell(Warning(bot_id=bot.bot_id, message=words))
        bot.save()
        self._engine.inbox.put(BotDue(bot.bot_id))

    def _agree(self, bot: Bot) -> bool:
        return all(self._agreed.get(one, 0) >= LOOKS for one in self._holdings_of(bot))

    def _let_go(self, bot: Bot) -> None:
        bot.standing.agrees()
        bot.save()
        self._engine.inbox.put(BotDue(bot.bot_id, replan=True))

    def accept(self, bot: Bot) -> None:
        """The operator has looked: what is there beside the bots from now on isn't ours."""
        for holding in self._holdings_of(bot):
            suspect = self._suspects.pop(holding, None)
            if suspect is not None and isinstance(suspect.problem, Decimal):
                self._rebase(holding, suspect.problem)
        seen = [f.trade_id for f in self._unowned() if f.symbol in bot.instruments]
        if seen:
            accepted = sorted({*self._accepted(), *seen})
            self._journal.save_fact(accepted_fact(self._name), " ".join(accepted))

    def _bots(self) -> list[Bot]:
        return [bot for bot in self._engine.bots.values() if bot.orders is self._manager]

    @staticmethod
    def _holdings_of(bot: Bot) -> list[Holding]:
        return sorted({_of(symbol) for symbol in bot.instruments})

    # what should be there

    def _ours(self) -> dict[Holding, Decimal]:
        """What the bots have by their fills; claims moved nothing in the account."""
        ours: dict[Holding, Decimal] = {
            _of(symbol): ZERO for bot in self._bots() for symbol in bot.instruments
        }
        for symbol, quantity in self._positions():
            if _of(symbol) in ours:
                ours[_of(symbol)] += quantity
        return ours

    def _positions(self) -> Iterator[tuple[Symbol, Decimal]]:
        for bot in self._bots():
            yield from _by_fills(bot.saved)
        for record in self._unhosted():
            yield from _by_fills(Saved.of(record))
        for fill in self._unowned():
            yield from _moved(fill)

    def _unhosted(self) -> list[BotRecord]:
        """Bots of the account that nobody looks after now."""
        hosted = self._engine.bots
        return [
            record
            for record in self._journal.bots()
            if record.exchange == self._name and record.bot_id not in hosted
        ]

    def _unowned(self) -> list[Fill]:
        """Fills of orders of ours that no bot knows."""
        return [f for f in self._journal.unclaimed_fills() if f.exchange == self._name]

    def _accepted(self) -> list[str]:
        return (self._journal.fact(accepted_fact(self._name)) or "").split()

    def _unowned_words(self, holding: Holding) -> str:
        accepted = set(self._accepted())
        found = [
            f"{fill.side.value} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
            for fill in self._unowned()
            if _of(fill.symbol) == holding and fill.trade_id not in accepted
        ]
        if not found:
            return ""
        return f"{', '.join(found)} on {self._name} was ours and no bot knows it; resume to accept"

    def _muddled(self, fee_assets: Sequence[Asset]) -> set[Holding]:
        """Coins that spot bots also pay with, or pay fees in: no fill tells all of their moves."""
        return {
            *fee_assets,
            *(instrument.quote for bot in self._bots() for instrument in bot.instruments.values()),
        }

    @property
    def _name(self) -> ExchangeName:
        return self._manager.name

    @property
    def _journal(self) -> Journal:
        return self._engine.journal


def note_foreign_fill(journal: Journal, fill: Fill) -> None:
    """A fill of an order that isn't ours changes what isn't ours, once."""
    if not journal.record_foreign_fill(fill):
        return
    for holding, change in _foreign_moves(fill):
        fact = not_ours_fact(fill.exchange, holding)
        known = journal.fact(fact)
        if known is not None:
            journal.save_fact(fact, str(Decimal(known) + change))


def _foreign_moves(fill: Fill) -> Iterable[tuple[Holding, Decimal]]:
    if parse_symbol(fill.symbol).market is MarketType.PERPETUAL:
        return [(fill.symbol, fill.signed_quantity)]
    return [(_of(fill.symbol), fill.signed_quantity), (fill.fee_asset, -fill.fee)]


def _of(symbol: Symbol) -> Holding:
    """What of the account a symbol's position is a part of."""
    parts = parse_symbol(symbol)
    return parts.base if parts.market is MarketType.SPOT else symbol


def _by_fills(saved: Saved) -> Iterator[tuple[Symbol, Decimal]]:
    for symbol, position in saved.books.positions.items():
        yield symbol, position.quantity - (saved.claimed or {}).get(symbol, ZERO)


def _moved(fill: Fill) -> Iterator[tuple[Symbol, Decimal]]:
    quantity = fill.signed_quantity
    in_coins = parse_symbol(fill.symbol).market is MarketType.SPOT
    if in_coins and fill.fee_asset == parse_symbol(fill.symbol).base:
        quantity -= fill.fee
    yield fill.symbol, quantity


def _short(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _signed(quantity: Decimal) -> str:
    return f"{quantity.normalize():+f}"
