"""The last look of the judge, at a world at rest: the engine must know what the venue knows."""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.accounting import books as accounts
from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.account import Balance, VenuePosition
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.risk.gate import VenueSync
from nimbus_tui.simulation.venue_audit import VenueAudit, Violation

ZERO = Decimal(0)
_SETTLED = frozenset({OrderState.OPEN, OrderState.PARTIALLY_FILLED})


class RestAudit:
    """Compares one engine with its venue; what doesn't match is a broken promise."""

    def __init__(self, audit: VenueAudit, engine: Engine) -> None:
        self._audit = audit
        self._engine = engine
        self._found: list[Violation] = []

    def problem(
        self,
        open_orders: Sequence[OrderReport],
        balances: Sequence[Balance],
        positions: Sequence[VenuePosition],
        first_balances: dict[Asset, Decimal],
    ) -> Violation | None:
        """The first thing that doesn't hold, though nothing happens any more."""
        self._check_orders(open_orders)
        for bot in self._engine.bots.values():
            self._check_fills(bot)
            if not _may_claim(bot, first_balances):
                self._check_books(bot)
        self._check_events()
        self._check_balances(balances, first_balances)
        self._check_account(balances, positions, first_balances)
        return self._found[0] if self._found else None

    def _break(self, invariant: str, detail: str) -> None:
        self._found.append(Violation(invariant, detail))

    # orders

    def _check_orders(self, open_orders: Sequence[OrderReport]) -> None:
        """What rests is what is wanted, and everybody knows it."""
        at_venue = {report.client_order_id: report for report in open_orders}
        known = set()
        for bot in self._engine.bots.values():
            self._check_live(bot, set(at_venue))
            known |= {order.client_order_id for order in bot.keeper.live.values()}
        for identity in sorted(set(at_venue) - known):
            intent = self._audit.intents.get(identity)
            self._break("no orphan", f"{identity} {intent} rests and nobody knows it")
        for fill in self._engine.journal.unclaimed_fills():
            self._break("no orphan", f"{fill.trade_id} of {fill.client_order_id} has no bot")

    def _check_live(self, bot: Bot, at_venue: set[str]) -> None:
        live = bot.keeper.live
        wanted = {order.key: order for order in bot.reviewed.orders}
        if odd := sorted(set(live) ^ set(wanted)):
            self._break("at rest, live = desired", f"{bot.bot_id}: {', '.join(odd)}")
        for key, order in live.items():
            where = f"{bot.bot_id} {key}"
            if order.state not in _SETTLED or order.cancel_requested:
                self._break("at rest no order is pending or unknown", f"{where} is {order.state}")
            if order.client_order_id not in at_venue:
                self._break("at rest, live = desired", f"{where} is not at the venue")
            wish = wanted.get(key)
            if wish and (wish.price, wish.quantity) != (order.price, order.quantity):
                self._break("at rest, live = desired", f"{where}: {order} is not {wish}")
        journalled = {
            order.client_order_id for order in self._engine.journal.live_orders(bot.bot_id)
        }
        if journalled != {order.client_order_id for order in live.values()}:
            self._break("memory = journal", f"{bot.bot_id}: {sorted(journalled)}")
        if bot.sync is not VenueSync.NOW or bot.keeper.awaits_fills:
            self._break("at rest every bot is in step", f"{bot.bot_id}: {bot.sync}")
        if bot.saved.opened and not bot.has_planned and not bot.standing.is_stopped:
            self._break("at rest every bot is in step", f"{bot.bot_id} has not planned")

    # books

    def _check_fills(self, bot: Bot) -> None:
        """The journal has the bot's fills, each once, as the venue has them."""
        truth = {fill.trade_id: _terms(fill) for fill in self._audit.fills_of(bot.bot_id)}
        journal = self._engine.journal.fills(bot_id=bot.bot_id)
        mine = {fill.trade_id: _terms(fill) for fill in journal}
        if mine != truth or len(journal) != len(mine):
            odd = sorted(str(trade) for trade in set(mine.items()) ^ set(truth.items()))
            self._break("fills = those of the venue", f"{bot.bot_id}: {'; '.join(odd)}")
        if bot.saved.absorbed != bot.books.fills:
            what = f"{bot.saved.absorbed} of {bot.books.fills} absorbed"
            self._break("the strategy has absorbed every fill", f"{bot.bot_id}: {what}")

    def _check_books(self, bot: Bot) -> None:
        """The books are those that the venue's fills and funding payments make."""
        if not bot.saved.opened:
            return
        saved, engine = bot.saved, self._engine
        truth = accounts.opened(saved.books.capital)
        for fill in engine.journal.fills(bot_id=bot.bot_id):
            truth = accounts.absorb(truth, fill, bot.instruments[fill.symbol])
        for payment in self._audit.payments:
            if payment.symbol in bot.instruments and payment.ts >= saved.opened_ns:
                truth = accounts.funded(truth, payment)
        for name in ("capital", "cash", "positions", "realized_pnl", "fees", "funding", "fills"):
            found, right = getattr(saved.books, name), getattr(truth, name)
            if found != right:
                what = f"{bot.bot_id}: {name} is {found}, the venue's fills make {right}"
                self._break("position of a bot = Σ its fills", what)

    # events and account

    def _check_events(self) -> None:
        """The journal's events are numbered without a gap."""
        numbers = [event.seq for event in self._engine.journal.events(limit=-1)]
        if numbers != list(range(1, len(numbers) + 1)):
            self._break("events have no gap", f"{len(numbers)} events, the last is {numbers[-1:]}")

    def _check_balances(self, balances: Sequence[Balance], first: dict[Asset, Decimal]) -> None:
        """The account has changed by its fills, fees and funding, to the last digit."""
        found = {balance.asset: balance.total for balance in balances}
        right = self._right_balances(first)
        for asset in sorted(found.keys() | right.keys()):
            if found.get(asset, ZERO) != right.get(asset, ZERO):
                what = f"{asset}: {found.get(asset)} is not {right.get(asset)}"
                self._break("balance change = Σ (fills, fees, funding)", what)

    def _right_balances(self, first: dict[Asset, Decimal]) -> dict[Asset, Decimal]:
        right = dict(first)
        held: dict[Symbol, Position] = {}

        def add(asset: Asset, amount: Decimal) -> None:
            right[asset] = right.get(asset, ZERO) + amount

        for fill in self._audit.fills:
            instrument = self._instrument(fill.symbol)
            if instrument.market is MarketType.SPOT:
                add(instrument.base, fill.signed_quantity)
                add(instrument.quote, -fill.signed_quantity * fill.price)
            else:
                before = held.get(fill.symbol, Position())
                held[fill.symbol], realized = trade(before, fill.signed_quantity, fill.price, ZERO)
                add(instrument.quote, realized)
            add(fill.fee_asset, -fill.fee)
        for payment in self._audit.payments:
            add(payment.asset, payment.amount)
        return right

    def _check_account(
        self,
        balances: Sequence[Balance],
        positions: Sequence[VenuePosition],
        first: dict[Asset, Decimal],
    ) -> None:
        """What the account holds is what its bots hold, and what was there before."""
        held: dict[Symbol, Decimal] = {}
        for bot in self._engine.bots.values():
            for symbol in () if _may_claim(bot, first) else bot.instruments:
                held[symbol] = held.get(symbol, ZERO) + bot.position(symbol)
        totals = {balance.asset: balance.total for balance in balances}
        derivative = {position.symbol: position.quantity for position in positions}
        for symbol, quantity in held.items():
            instrument = self._instrument(symbol)
            if instrument.market is MarketType.SPOT:
                asset = instrument.base
                real = totals.get(asset, ZERO) - first.get(asset, ZERO)
            else:
                real = derivative.get(symbol, ZERO)
            if real != quantity:
                what = f"{symbol}: the account has {real}, its bots {quantity}"
                self._break("position of the account = Σ bots", what)

    def _instrument(self, symbol: Symbol) -> Instrument:
        return next(
            spec.instruments[symbol]
            for spec in self._engine.specs.values()
            if symbol in spec.instruments
        )


def _may_claim(bot: Bot, first: dict[Asset, Decimal]) -> bool:
    """Whether the account had coins that the bot may have taken over: its fills aren't all then."""
    return any(first.get(instrument.base) for instrument in bot.instruments.values())


def _terms(fill: Fill) -> tuple[object, ...]:
    return (fill.client_order_id, fill.side, fill.price, fill.quantity, fill.fee, fill.fee_asset)
