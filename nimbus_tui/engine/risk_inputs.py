"""What the rules over several bots measure: their book, the accounts, the venues."""

from collections import deque
from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.events import Event, OrderRejected
from nimbus_tui.core.ids import Asset, ExchangeName
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.risk import RiskInput
from nimbus_tui.engine.hourly_closes import HourlyCloses
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.risk_book import RiskBook
from nimbus_tui.engine.risk_side import RiskSide
from nimbus_tui.engine.venue_clocks import worst_offset
from nimbus_tui.risk.limits import AccountLimits, EngineLimits
from nimbus_tui.risk.states import (
    AccountInputs,
    BookState,
    BudgetState,
    EngineInputs,
    Input,
    SystemState,
)

MINUTE_NS = 60 * NS_PER_SECOND
LIKE_DOLLARS = frozenset({"USD", "USDC", "USDT", "FDUSD", "USDE", "DAI"})
"""Currencies that are reckoned as one: a limit is no place for a hundredth of a cent."""
ZERO = Decimal(0)
ONE = Decimal(1)


class RiskInputs:
    """Keeps what arrives, and says at any time what there is to judge."""

    def __init__(self, engine: RiskSide, book: RiskBook, closes: HourlyCloses) -> None:
        self._engine = engine
        self._book = book
        self._closes = closes
        self._base: dict[ExchangeName, Decimal | None] = {}
        """By venue, what the bots had earned when it told its equity last."""
        self._rejects: deque[int] = deque()
        self._heard: dict[Market, int] = {}
        engine.bus.subscribe(self._on_event)

    @property
    def _limits(self) -> EngineLimits:
        return self._engine.settings.limits

    @property
    def follows_prices(self) -> bool:
        """Whether a rule is on that looks at all bots together."""
        limits = self._limits
        own = (limits.total_exposure, limits.correlation, limits.asset_allocation)
        accounts = (self.account_limits(name).leverage for name in self._engine.order_managers)
        return any(one is not None for one in (*own, limits.equity_floor, *accounts))

    # what arrives

    def heard(self, market: Market, quote: Quote) -> None:
        """A price has come."""
        if self._engine.settings.watches_streams:
            now, before = self._engine.clock.now(), self._heard.get(market)
            if before is not None:
                self._engine.streams.resumed(market, now - before)
            self._heard[market] = now
        if self._limits.correlation is not None:
            price = quote.mark_price or quote.price
            self._closes.price(parse_symbol(market[1]).base, price, quote.ts)

    def told(self, name: ExchangeName) -> None:
        """A venue has told its account's equity: what is earned counts from here."""
        self._base[name] = self._book.earned(name, self._price, self.worth)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OrderRejected) and not event.passing:
            self._rejects.append(self._engine.clock.now())

    # what is measured

    def engine_inputs(self, now: int) -> EngineInputs:
        """All that the rules over everything read."""
        engine = self._engine
        names = engine.accounts.counted if self.follows_prices else ()
        holdings = tuple(one for name in names for one in self._book.holdings(self._mark, name))
        clusters: tuple[frozenset[Asset], ...] = ()
        if self._limits.correlation is not None:
            assets = {parse_symbol(symbol).base for _, symbol in engine.watchers}
            clusters = self._closes.clusters(assets, now)
        emergency = engine.emergency
        return EngineInputs(
            now_ns=now,
            book=BookState(equity=self._whole_equity(), holdings=holdings),
            clusters=clusters,
            system=SystemState(
                operator=emergency.reason if emergency.latched else "",
                clock_offset_s=self._clock_offset(),
                rejects_per_minute=self._rejects_per_minute(now),
                foreign_orders=self._foreign_orders(),
            ),
        )

    def account_inputs(self, name: ExchangeName, now: int) -> AccountInputs:
        """All that the rules of one account read."""
        holdings = self._book.holdings(self._mark, name) if self.follows_prices else ()
        return AccountInputs(
            exchange=name,
            now_ns=now,
            book=BookState(equity=self._equity(name), holdings=holdings),
            budgets=self._budgets(name),
        )

    def _whole_equity(self) -> Input:
        names = self._engine.accounts.counted
        parts = [self._equity(name) for name in names]
        values = [one.value for one in parts]
        total = None if None in values else sum((v for v in values if v is not None), ZERO)
        return Input(value=total, source=f"accounts of {', '.join(names)}")

    def _equity(self, name: ExchangeName) -> Input:
        """What the venue has told, moved on by what the bots have earned since."""
        told = self._engine.accounts.equity.get(name)
        source = f"account of {name}"
        if told is None:
            return Input(value=None, source=source)
        now = self._book.earned(name, self._price, self.worth)
        base = self._base.get(name)
        moved = ZERO if now is None or base is None else now - base
        return Input(value=told + moved, source=source)

    def _price(self, market: Market) -> Decimal | None:
        quote = self._engine.prices.get(market)
        return None if quote is None else quote.mark_price or quote.price

    def _mark(self, market: Market) -> Input:
        price, rate = self._price(market), self.worth(market[0], parse_symbol(market[1]).quote)
        value = None if price is None or rate is None else price * rate
        age_ms = self.mark_age_ms(market)
        stale = age_ms is not None and age_ms > self._limits.connection * 1000
        return Input(
            value=value,
            source=f"marks of {market[0]}",
            age_ms=age_ms,
            quality=RiskInput.STALE if stale else RiskInput.GOOD,
        )

    def mark_age_ms(self, market: Market) -> int | None:
        """How long ago a price came; None where prices can't be silent."""
        at = self._heard.get(market)
        if at is None or not self._engine.settings.watches_streams:
            return None
        return max(0, self._engine.clock.now() - at) // NS_PER_MS

    def last_heard(self, market: Market) -> int | None:
        """When a price came last; None: never since the start."""
        return self._heard.get(market)

    def worth(self, name: ExchangeName, asset: Asset) -> Decimal | None:
        """What one of an asset is worth in the engine's currency; None where nobody can say."""
        currency = self._engine.settings.currency
        if asset == currency or {asset, currency} <= LIKE_DOLLARS:
            return ONE
        venue = next(one for one in self._engine.exchanges.values() if one.name == name)
        return self._engine.fee_prices.price(venue, asset, Asset(currency))

    def _budgets(self, name: ExchangeName) -> tuple[BudgetState, ...]:
        venue = next(one for one in self._engine.exchanges.values() if one.name == name)
        used = venue.connection_status().rate_used
        if not used:
            return ()
        share = Input(value=Decimal(str(used)), source=f"request budget of {name}")
        return (BudgetState(name="requests", used=share, allowed=ONE),)

    def _clock_offset(self) -> Input | None:
        worst = worst_offset(self._engine.exchanges.values())
        if worst is None:
            return None
        return Input(value=Decimal(str(worst.ms)) / 1000, source=f"clock of {worst.exchange}")

    def _rejects_per_minute(self, now: int) -> int:
        while self._rejects and self._rejects[0] <= now - MINUTE_NS:
            self._rejects.popleft()
        return len(self._rejects)

    def _foreign_orders(self) -> tuple[str, ...]:
        return tuple(
            f"{identity} on {name}"
            for name, one in self._engine.synchronisers.items()
            for identity in sorted(one.foreign)
        )

    def account_limits(self, name: ExchangeName) -> AccountLimits:
        """The limits of one account."""
        return self._engine.settings.account_limits.get(name, AccountLimits())
