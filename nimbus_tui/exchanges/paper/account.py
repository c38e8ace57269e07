"""The paper venue's books: balances, positions, what orders hold back, what the account is worth.

Pure and exact. Spot moves both balances; a perpetual moves its position and settles fees and
realised PnL in the quote. Positions are not liquidated: a loss may take a balance below zero.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType, SymbolParts, parse_symbol
from nimbus_tui.core.order import OrderRequest, OrderType, Side
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.matching import Execution, FillModel, PaperOrder

ZERO = Decimal(0)
ONE = Decimal(1)
_DOLLARS = frozenset({"USD", "USDC", "USDT"})
"""Quote assets that are worth each other where no price says better."""


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the paper venue fills."""

    fill_model: FillModel = FillModel.TOUCH
    partial_fills: bool = False
    """Whether a tick fills no more than its own size."""
    latency_ms: int = 0
    slippage_percent: Decimal = ZERO
    leverage: Decimal = Decimal(10)
    fee_in_base: bool = False
    """Whether spot buys pay their fee in the coin that they buy."""
    funding: FundingSchedule = FundingSchedule()


class VenueState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the venue that is not an order or a fill."""

    balances: dict[Asset, Decimal]
    positions: dict[Symbol, Position] = msgspec.field(default_factory=dict)
    prices: dict[Symbol, Decimal] = msgspec.field(default_factory=dict)
    times: dict[Symbol, int] = msgspec.field(default_factory=dict)
    """When each symbol's newest price was traded, ns."""
    orders: int = 0
    """How many orders there have been; numbers the next one."""
    fills: int = 0
    fundings: int = 0
    """How many funding payments there have been; numbers the next one."""
    funded_until: int | None = None
    """Up to which time of the prices funding has been charged; None before the first price."""
    source_position: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account at one moment: its books, its live orders and the rules they are counted by."""

    state: VenueState
    orders: Iterable[PaperOrder]
    instruments: Mapping[Symbol, Instrument]
    settings: PaperSettings

    def locked(self, *, but: PaperOrder | None = None) -> dict[Asset, Decimal]:
        """What live spot orders hold back, one of them left out where that is asked."""
        locked: dict[Asset, Decimal] = {}
        for order in self.orders:
            if _parts(order.request.symbol).market is MarketType.SPOT and order is not but:
                asset, amount = self.reserve(order.request, order.remaining)
                locked[asset] = locked.get(asset, ZERO) + amount
        return locked

    def reserve(self, request: OrderRequest, quantity: Decimal) -> tuple[Asset, Decimal]:
        """The asset and the most of it that a spot order can cost; at market by the last price."""
        instrument = self.instruments[request.symbol]
        if request.side is Side.SELL:
            return instrument.base, quantity
        price = request.price or self.state.prices.get(request.symbol, ZERO)
        return instrument.quote, quantity * price * (1 + self._quote_rate(instrument))

    def free(self, asset: Asset, *, but: PaperOrder | None = None) -> Decimal:
        """What a new spot order may use: neither held back nor margin of perpetuals."""
        total = min(self.state.balances.get(asset, ZERO), self.settled(asset))
        margin = self.exposure(asset) / self.settings.leverage
        return total - margin - self.locked(but=but).get(asset, ZERO)

    def settled(self, asset: Asset) -> Decimal:
        """The balance of a quote asset with the unrealised PnL that will settle in it."""
        total = self.state.balances.get(asset, ZERO)
        for symbol, position in self.state.positions.items():
            if position.quantity and _parts(symbol).settle == asset:
                total += position.unrealized_pnl(self.state.prices[symbol])
        return total

    def exposure(self, asset: Asset, also: OrderRequest | None = None) -> Decimal:
        """The largest notional that positions and live orders settled in an asset can come to.

        Per symbol it is the worse of all buys filled and all sells filled; reduce-only orders add
        nothing.
        """
        requests = [(order.request, order.remaining) for order in self.orders]
        if also is not None:
            requests.append((also, also.quantity))
        longest: dict[Symbol, Decimal] = {}
        shortest: dict[Symbol, Decimal] = {}
        prices = dict(self.state.prices)
        for symbol, position in self.state.positions.items():
            if _parts(symbol).settle == asset:
                longest[symbol] = shortest[symbol] = position.quantity
        for request, quantity in requests:
            if _parts(request.symbol).settle == asset and not request.reduce_only:
                reached = longest if request.side is Side.BUY else shortest
                reached[request.symbol] = (
                    reached.get(request.symbol, ZERO) + quantity * request.side.sign
                )
                prices.setdefault(request.symbol, request.price or ZERO)
        total = ZERO
        for symbol in longest.keys() | shortest.keys():
            ends = (longest.get(symbol, ZERO), shortest.get(symbol, ZERO))
            total += max(abs(end) for end in ends) * prices.get(symbol, ZERO)
        return total

    def room(self, execution: Execution) -> Decimal:
        """How much of an order may be filled: reduce-only, and what a spot buyer can pay."""
        order = execution.order
        request = order.request
        instrument = self.instruments[request.symbol]
        if request.reduce_only:
            held = self.state.positions.get(request.symbol, Position()).quantity
            return min(order.remaining, max(ZERO, -held * request.side.sign))
        spot_buy = instrument.market is MarketType.SPOT and request.side is Side.BUY
        # A limit order has reserved its worst case; the market may have run from a market order.
        if not spot_buy or request.type is OrderType.LIMIT:
            return order.remaining
        cost = execution.price * (1 + self._quote_rate(instrument))
        affordable = max(ZERO, self.free(instrument.quote, but=order)) / cost
        return min(order.remaining, instrument.round_quantity(affordable))

    def equity(self, currency: Asset) -> Decimal:
        """All balances and unrealised PnL at last prices; what nothing prices counts as nothing."""
        settled = {i.quote for i in self.instruments.values()} | set(self.state.balances)
        return sum((self.settled(asset) * self._worth(asset, currency) for asset in settled), ZERO)

    def fee(self, execution: Execution) -> tuple[Asset, Decimal]:
        """The asset and amount of an execution's fee; not rounded."""
        instrument = self.instruments[execution.order.request.symbol]
        rate = instrument.maker_fee if execution.maker else instrument.taker_fee
        spot_buy = instrument.market is MarketType.SPOT and execution.order.request.side is Side.BUY
        if self.settings.fee_in_base and spot_buy:
            return instrument.base, execution.quantity * rate
        return instrument.quote, execution.price * execution.quantity * rate

    def _quote_rate(self, instrument: Instrument) -> Decimal:
        """The most that a spot buy may pay in quote beside the notional, as a share of it."""
        if self.settings.fee_in_base:
            return ZERO
        return max(instrument.taker_fee, instrument.maker_fee, ZERO)

    def _worth(self, asset: Asset, currency: Asset) -> Decimal:
        if asset == currency:
            return ONE
        for symbol, price in self.state.prices.items():
            instrument = self.instruments.get(symbol)
            if instrument and (instrument.base, instrument.quote) == (asset, currency):
                return price
        return ONE if {asset, currency} <= _DOLLARS else ZERO


def entered(state: VenueState, fill: Fill, instrument: Instrument) -> VenueState:
    """The books after one fill."""
    balances = dict(state.balances)
    positions = state.positions
    if instrument.market is MarketType.SPOT:
        _add(balances, instrument.base, fill.signed_quantity)
        _add(balances, instrument.quote, -fill.signed_quantity * fill.price)
    else:
        held = positions.get(fill.symbol, Position())
        position, realized = trade(held, fill.signed_quantity, fill.price, ZERO)
        positions = {**positions, fill.symbol: position}
        _add(balances, instrument.quote, realized)
    _add(balances, fill.fee_asset, -fill.fee)
    return msgspec.structs.replace(
        state, balances=balances, positions=positions, fills=state.fills + 1
    )


def funded(state: VenueState, payment: FundingPayment) -> VenueState:
    """The books after one funding payment."""
    balances = dict(state.balances)
    _add(balances, payment.asset, payment.amount)
    return msgspec.structs.replace(state, balances=balances, fundings=state.fundings + 1)


def transferred(state: VenueState, asset: Asset, amount: Decimal) -> VenueState:
    """The books after a deposit (> 0) or a withdrawal (< 0)."""
    balances = dict(state.balances)
    _add(balances, asset, amount)
    return msgspec.structs.replace(state, balances=balances)


@lru_cache(maxsize=1024)
def _parts(symbol: Symbol) -> SymbolParts:
    # Asked for every live order at every placement, and taking a symbol apart costs a match.
    return parse_symbol(symbol)


def _add(balances: dict[Asset, Decimal], asset: Asset, amount: Decimal) -> None:
    balances[asset] = balances.get(asset, ZERO) + amount
