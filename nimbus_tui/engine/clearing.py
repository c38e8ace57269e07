"""Takes every order of ours out of the venues, and asks them until nothing of ours is left."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from typing import Any, TypeVar

from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.engine import recovery
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.closing import closable, is_closing_key
from nimbus_tui.engine.holdings import not_ours_fact
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.engine.saved import Saved
from nimbus_tui.engine.venue_side import VenueSide

ZERO = Decimal(0)
SWEEP_WITHIN_S = 5.0
"""How long one venue may take for one sweep before the others go on without it."""
CANCEL_WITHIN_S = 2.0
"""How long one cancel is waited for: one that hangs must not hold up the others."""
TRUSTED_LOOKS = 5
"""After so many looks a venue that says we are flat is believed against our own books."""
IN_DOUBT = (OrderState.PENDING, OrderState.UNKNOWN)

Answer = TypeVar("Answer")


class Clearing:
    """One sweep after another over all venues; each says what is left, whatever goes wrong."""

    def __init__(
        self,
        engine: VenueSide,
        managers: Mapping[ExchangeName, OrderManager],
        bots_work: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._managers = managers
        self._bots_work = bots_work
        """Whether the bots take their turns: without them nothing can be closed."""
        self._tries: Counter[ClientOrderId] = Counter()
        self._open: dict[ExchangeName, list[str]] = {}
        """What each venue's last look found open of our positions."""
        self._flat_looks: Counter[tuple[ExchangeName, Symbol]] = Counter()

    async def sweep(self) -> tuple[str, ...]:
        """Cancel what is ours everywhere; returns what is left, in words."""
        swept = await asyncio.gather(*(self._swept(one) for one in self._managers.values()))
        return tuple(line for lines in swept for line in lines)

    async def _swept(self, manager: OrderManager) -> list[str]:
        """One venue's sweep; neither its fault nor its silence is the others' trouble."""
        try:
            found = await self._within(SWEEP_WITHIN_S, self._sweep(manager))
        except Exception as error:  # a fault in the last step must not end the last step
            return [f"{manager.name}: {describe(error)}"]
        return [f"{manager.name} does not answer"] if found is None else found

    async def _sweep(self, manager: OrderManager) -> list[str]:
        # Cancels come before anything else is asked: what they wait for may hang.
        if not manager.is_confirmed:
            info = await manager.exchange.account_info()
            if info.account != manager.account:
                return [f"{manager.name}: the account is {info.account}, not {manager.account}"]
            manager.is_confirmed = True
        spared = self._closing_orders(manager)
        refused = await self._cancel_all(manager, spared)
        left = refused or await self._orders_left(manager, spared)
        self._open[manager.name] = await self._positions_left(manager)
        return left + self._open[manager.name]

    # orders

    async def _cancel_all(self, manager: OrderManager, spared: Set[ClientOrderId]) -> list[str]:
        """Those first that were tried least, so that some that hang never starve the others."""
        ours = [one for one in await recovery.ours_on(manager) if one.client_order_id not in spared]
        ours.sort(key=lambda report: self._tries[report.client_order_id])
        slots = asyncio.Semaphore(recovery.CANCELS_AT_ONCE)

        async def one(report: OrderReport) -> str:
            async with slots:
                self._tries[report.client_order_id] += 1
                answer = await self._within(CANCEL_WITHIN_S, recovery.cancelled(manager, report))
            unanswered = f"{manager.name}: {report.client_order_id} (no answer to its cancel)"
            return unanswered if answer is None else answer

        return [line for line in await asyncio.gather(*map(one, ours)) if line]

    async def _orders_left(self, manager: OrderManager, spared: Set[ClientOrderId]) -> list[str]:
        resting = {report.client_order_id for report in await recovery.ours_on(manager)}
        doubtful = (manager.unanswered | self._in_doubt(manager)) - resting
        lines = [f"{manager.name}: {identity}" for identity in sorted(resting - spared)]
        return lines + [
            f"{manager.name}: {identity} (it is not known yet whether it has arrived)"
            for identity in sorted(doubtful - spared)
        ]

    def _in_doubt(self, manager: OrderManager) -> set[ClientOrderId]:
        """Orders of an earlier life that may still be on their way."""
        if not self._bots_work():
            return set()
        return {
            order.client_order_id
            for bot in self._bots(manager)
            for order in bot.keeper.live.values()
            if order.state in IN_DOUBT
        }

    def _closing_orders(self, manager: OrderManager) -> set[ClientOrderId]:
        """The orders that close positions, where that is chosen and there is one: they stay."""
        if not self._open.get(manager.name, [""]):
            return set()
        return {
            order.client_order_id
            for bot in self._bots(manager)
            if bot.standing.is_closing
            for order in bot.keeper.live.values()
            if is_closing_key(order.key)
        }

    # positions

    async def _positions_left(self, manager: OrderManager) -> list[str]:
        """What is not flat where that is chosen: by the venue's account where it can tell."""
        held = list(self._held(manager)) if self._engine.settings.close_in_emergency else []
        if not held:
            return []
        there = {one.symbol: one.quantity for one in await manager.exchange.positions()}
        coins = {one.asset: one.total for one in await manager.exchange.balances()}
        lines = []
        for bot_id, bot, symbol, books in held:
            is_spot = parse_symbol(symbol).market is MarketType.SPOT
            at_venue = (
                coins.get(parse_symbol(symbol).base, ZERO) if is_spot else there.get(symbol, ZERO)
            )
            beside = None if is_spot else self._beside(manager, symbol)
            rest = _rest(at_venue, books, beside)
            if bot is not None:
                rest, books = (_closable(bot, symbol, quantity) for quantity in (rest, books))
            if rest or (books and not self._is_trusted(manager, symbol)):
                lines.append(self._position_words(bot_id, bot, symbol, rest or books))
                manager.read_fills()
        return lines

    def _held(self, manager: OrderManager) -> Iterator[tuple[BotId, Bot | None, Symbol, Decimal]]:
        """Every position there could be on a venue: bot, symbol, and what the books say."""
        for bot in self._bots(manager):
            for symbol in bot.instruments:
                yield bot.bot_id, bot, symbol, bot.position(symbol)
        if not self._bots_work():
            return  # the journal may be gone, and what it held of other bots with it
        for record in self._engine.journal.bots():
            if record.exchange == manager.name and record.bot_id not in self._engine.bots:
                for symbol, position in Saved.of(record).books.positions.items():
                    yield record.bot_id, None, symbol, position.quantity

    def _beside(self, manager: OrderManager, symbol: Symbol) -> Decimal | None:
        """What of a perpetual's position is not ours; None while nobody has looked."""
        if not self._bots_work():
            return None  # the journal may be gone, and what memory says of it may be old
        known = self._engine.journal.fact(not_ours_fact(manager.name, symbol))
        return None if known is None else Decimal(known)

    def _is_trusted(self, manager: OrderManager, symbol: Symbol) -> bool:
        """Whether the venue has said often enough that nothing is there of what we believe in.

        A fill may be on its way to our books; a position closed by hand never comes there.
        """
        self._flat_looks[manager.name, symbol] += 1
        return self._flat_looks[manager.name, symbol] > TRUSTED_LOOKS

    def _position_words(
        self, bot_id: BotId, bot: Bot | None, symbol: Symbol, quantity: Decimal
    ) -> str:
        amount = f"{bot_id}: {quantity.normalize():f} {parse_symbol(symbol).base}"
        if bot is None:
            return f"{amount} of a bot that is not hosted: close them at the venue"
        if not self._bots_work():
            return f"{amount} can't be closed by an engine that has failed: close them at the venue"
        waiting = "; ".join(
            reason for key, reason in bot.keeper.refusals.waiting().items() if is_closing_key(key)
        )
        if symbol not in bot.prices:
            waiting = waiting or "no price yet"
        return f"{amount} are being closed" + (f" ({waiting})" if waiting else "")

    def _bots(self, manager: OrderManager) -> Sequence[Bot]:
        return [bot for bot in self._engine.bots.values() if bot.orders is manager]

    async def pause(self, seconds: float) -> None:
        """Let time pass; a clock that fails must not make this a loop without a pause."""
        try:
            await self._engine.clock.sleep(seconds)
        except Exception:
            await asyncio.sleep(seconds)  # noqa: TID251 - the engine's own clock has failed

    async def _within(self, seconds: float, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """What some work gives; None if it takes longer than it may, or is given up."""
        working = asyncio.ensure_future(work)
        patience = asyncio.ensure_future(self.pause(seconds))
        waited_for: set[asyncio.Future[Any]] = {working, patience}
        try:
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
            # An adapter may drop its own answers by a cancel, which must not end the sweeps.
            has_ended = working.done() and not working.cancelled()
            return working.result() if has_ended else None
        finally:
            working.cancel()
            patience.cancel()


def _rest(at_venue: Decimal, books: Decimal, beside: Decimal | None) -> Decimal:
    """What is left of ours at the venue.

    Of a perpetual with a known part that isn't ours it is the other part; else no more than what
    the books say, and no more than what is there.
    """
    if not at_venue:
        return ZERO
    if beside is not None and at_venue != beside:
        return at_venue - beside
    if at_venue * books <= ZERO:
        return ZERO
    return min(abs(at_venue), abs(books)).copy_sign(books)


def _closable(bot: Bot, symbol: Symbol, held: Decimal) -> Decimal:
    quote = bot.prices.get(symbol)
    return closable(bot.instruments[symbol], held, None if quote is None else quote.price)
