"""The rules over several bots: of each account and of the engine, and the ladders they lead to."""

from collections import deque
from collections.abc import Set
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.events import Event, OrderRejected
from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.plan import Band
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.hourly_closes import HourlyCloses
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.risk_book import RiskBook, Share, held_of
from nimbus_tui.engine.risk_memory import ladder_fact, remembered_ladder
from nimbus_tui.engine.risk_side import RiskSide
from nimbus_tui.engine.ruled import Above
from nimbus_tui.risk.allowances import account_allowances, engine_allowances, refusal
from nimbus_tui.risk.bands import book_share, multiple_share
from nimbus_tui.risk.escalation import Change, Ladder, assess, in_words, released
from nimbus_tui.risk.limits import AccountLimits
from nimbus_tui.risk.reading import Verdict, thresholds
from nimbus_tui.risk.states import (
    AccountInputs,
    BookState,
    BudgetState,
    EngineInputs,
    Input,
    SystemState,
)
from nimbus_tui.risk.table import BY_NAME, read_account, read_engine

DESK = BotId("\x00risk desk")
"""Under which name the desk asks the wake index for a look; no bot can have it."""
ENGINE = "engine"
LOOK_EVERY_S = 1.0
"""How often what no price tells of is looked at: silent streams, request budgets, refusals."""
MINUTE_NS = 60 * NS_PER_SECOND
LIKE_DOLLARS = frozenset({"USD", "USDC", "USDT", "FDUSD", "USDE", "DAI"})
"""Currencies that are reckoned as one: a limit is no place for a hundredth of a cent."""
ZERO = Decimal(0)
ONE = Decimal(1)
_Asker = tuple[ExchangeName, frozenset[Symbol]]
"""Bots of one venue with the same symbols are told the same."""


class RiskDesk:
    """Looks before the bots have their turns, whenever a number that counts has changed."""

    def __init__(self, engine: RiskSide) -> None:
        self._engine = engine
        self._limits = engine.settings.limits
        self._book = RiskBook()
        self.closes = HourlyCloses(engine.journal, self._limits.correlated_from)
        names = [exchange.name for exchange in engine.exchanges.values()]
        self.ladders: dict[str, Ladder] = {
            scope: remembered_ladder(engine.journal, scope)
            for scope in (ENGINE, *(account_scope(name) for name in names))
        }
        self.verdicts: dict[str, tuple[Verdict, ...]] = dict.fromkeys(self.ladders, ())
        self._base: dict[ExchangeName, tuple[Decimal, Decimal | None]] = {}
        """By venue, the equity that it has told and what the bots were worth then."""
        self._rejects: deque[int] = deque()
        self._is_due = True
        self._heard: dict[Market, int] = {}
        self._above: dict[_Asker, Above] = {}
        """What has been answered since a number changed that it depends on."""
        self._above_at: tuple[object, ...] = ()
        engine.bus.subscribe(self._on_event)

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
        self._above.clear()
        if self._engine.settings.watches_streams:
            self._heard[market] = self._engine.clock.now()
        if self._limits.correlation is not None:
            price = quote.mark_price or quote.price
            self.closes.price(parse_symbol(market[1]).base, price, quote.ts)

    def note(self, bot: Bot) -> None:
        """A bot has had a turn: its part of the book may have changed."""
        if not (self.follows_prices and bot.saved.opened and bot.has_prices):
            return
        marks = bot.marks()
        held = {
            symbol: held_of(bot.position(symbol), *bot.risk.resting(symbol))
            for symbol in bot.instruments
        }
        fixed = bot.equity() - sum((held[s].net * marks[s] for s in held), ZERO)
        share = Share(bot.orders.name, bot.quote, fixed, held)
        if self._book.note(bot.bot_id, share):
            self._is_due = True
            self._above.clear()

    def fired(self, woken: Set[BotId]) -> None:
        """Who has been woken by a price or a time: perhaps the desk."""
        self._is_due = self._is_due or DESK in woken

    def _on_event(self, event: Event) -> None:
        if isinstance(event, OrderRejected):
            self._rejects.append(self._engine.clock.now())

    # the look

    def look(self) -> set[BotId]:
        """Measure, let the ladders follow; returns the bots for which something has changed."""
        if not self._is_due:
            return set()
        self._is_due = False
        self._above.clear()
        before = {scope: self._says(scope) for scope in self.ladders}
        now = self._engine.clock.now()
        engine_inputs = self.engine_inputs(now)
        others = self._engine.settings.other_rules
        self._climb(ENGINE, read_engine(engine_inputs, self._limits, others), self._limits.hold_ns)
        share = book_share(engine_inputs, self._limits)
        for name in self._engine.order_managers:
            limits, inputs = self.account_limits(name), self.account_inputs(name, now)
            self._climb(account_scope(name), read_account(inputs, limits, others), limits.hold_ns)
            share = _smaller(share, _leverage_share(inputs, limits))
        self._arm(share)
        changed = {scope for scope in before if before[scope] != self._says(scope)}
        return {
            bot.bot_id
            for bot in self._engine.bots.values()
            if ENGINE in changed or account_scope(bot.orders.name) in changed
        }

    def _says(self, scope: str) -> tuple[RiskStep, tuple[str, ...]]:
        """What bots are told by a scope, but for the numbers."""
        refuses = tuple(v.reading.refuses for v in self.verdicts[scope])
        return self.ladders[scope].step, refuses

    def _climb(self, scope: str, verdicts: tuple[Verdict, ...], hold_ns: int) -> None:
        self.verdicts[scope] = verdicts
        before = self.ladders[scope]
        ladder, change = assess(before, verdicts, self._engine.clock.now(), hold_ns)
        if ladder == before:
            return
        self.ladders[scope] = ladder
        text = msgspec.json.encode(ladder).decode() if ladder.step or ladder.held else None
        self._engine.journal.save_fact(ladder_fact(scope), text)
        if change is not None:
            self._took_step(change)

    def _took_step(self, change: Change) -> None:
        emergency = self._engine.emergency
        if change.after is RiskStep.EMERGENCY and change.reading is not None:
            if not emergency.latched:
                emergency.trip_soon(in_words(change.reading), change.reading)
            return
        self._engine.bus.publish(change.event())

    def _arm(self, share: Decimal | None) -> None:
        """Ask for a look once a price has moved further than changes nothing."""
        for market, quote in self._engine.prices.items():
            mark = quote.mark_price or quote.price
            band: Band = (None, None)
            if share is not None:
                band = (mark * (ONE - share), mark * (ONE + share))
            self._engine.wakes.arm(DESK, market, band)
        now = self._engine.clock.now()
        times = [self.ladders[ENGINE].until(self._limits.hold_ns)]
        for name in self._engine.order_managers:
            hold_ns = self.account_limits(name).hold_ns
            times.append(self.ladders[account_scope(name)].until(hold_ns))
        at = min((one for one in times if one is not None and one > now), default=None)
        self._engine.wakes.arm_time(DESK, at)

    async def run(self) -> None:
        """Look at what no price tells of, again and again, until cancelled."""
        while True:
            await self._engine.clock.sleep(LOOK_EVERY_S)
            now = self._engine.clock.now()
            for bot in self._engine.bots.values():
                if bot.risk.is_due(now):
                    self._engine.inbox.put(BotDue(bot.bot_id))
            self._is_due = True
            self._engine.inbox.wake()

    # what is measured

    def engine_inputs(self, now: int) -> EngineInputs:
        """All that the rules over everything read."""
        engine = self._engine
        holdings = self._book.holdings(self._mark) if self.follows_prices else ()
        clusters: tuple[frozenset[Asset], ...] = ()
        if self._limits.correlation is not None:
            assets = {parse_symbol(symbol).base for _, symbol in engine.watchers}
            clusters = self.closes.clusters(assets, now)
        emergency = engine.emergency
        return EngineInputs(
            now_ns=now,
            book=BookState(equity=self._whole_equity(), holdings=holdings),
            clusters=clusters,
            system=SystemState(
                operator=emergency.reason if emergency.latched else "",
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
        parts = [self._equity(name) for name in self._engine.order_managers]
        values = [one.value for one in parts]
        total = None if None in values else sum((v for v in values if v is not None), ZERO)
        return Input(value=total, source=f"accounts of {', '.join(self._engine.order_managers)}")

    def _equity(self, name: ExchangeName) -> Input:
        """What the venue has told, moved on by what the bots have earned since."""
        told = self._engine.accounts.equity.get(name)
        source = f"account of {name}"
        if told is None:
            return Input(value=None, source=source)
        now = self._book.equity(name, self._price, self._worth)
        base = self._base.get(name)
        if base is None or base[0] is not told or base[1] is None:
            base = self._base[name] = (told, now)
        moved = ZERO if now is None or base[1] is None else now - base[1]
        return Input(value=told + moved, source=source)

    def _price(self, market: Market) -> Decimal | None:
        quote = self._engine.prices.get(market)
        return None if quote is None else quote.mark_price or quote.price

    def _mark(self, market: Market) -> Input:
        price, rate = self._price(market), self._worth(market[0], parse_symbol(market[1]).quote)
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

    def _worth(self, name: ExchangeName, asset: Asset) -> Decimal | None:
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

    # what bots and people are told

    def above(self, bot: Bot) -> Above:
        """What the rules of its account and of the engine say to a bot."""
        self.note(bot)
        at = (self._engine.clock.now(), *self._engine.accounts.equity.values())
        if at != self._above_at:
            self._above_at = at
            self._above.clear()
        asker = (bot.orders.name, frozenset(bot.instruments))
        if asker not in self._above:
            self._above[asker] = self._worked_out(bot)
        return self._above[asker]

    def _worked_out(self, bot: Bot) -> Above:
        account = account_scope(bot.orders.name)
        mine, all_of = self.ladders[account], self.ladders[ENGINE]
        higher = mine if mine.step > all_of.step else all_of
        said = (*self.verdicts[ENGINE], *self.verdicts[account])
        if not self.follows_prices:
            return Above(step=higher.step, reason=higher.reason, refusal=refusal(said))
        now = self._engine.clock.now()
        worth = self._worth(bot.orders.name, bot.quote) or ONE
        assets = {parse_symbol(symbol).base for symbol in bot.instruments}
        limits = self.account_limits(bot.orders.name)
        allowances = (
            *engine_allowances(self.engine_inputs(now), self._limits, assets, worth),
            *account_allowances(self.account_inputs(bot.orders.name, now), limits, worth),
        )
        return Above(
            step=higher.step, reason=higher.reason, allowances=allowances, refusal=refusal(said)
        )

    def release(self) -> None:
        """The operator has re-armed: every ladder from the bottom again."""
        for scope in self.ladders:
            ladder, change = released(self.ladders[scope])
            self.ladders[scope] = ladder
            self._engine.journal.save_fact(ladder_fact(scope), None)
            if change is not None:
                self._engine.bus.publish(change.event())
        self._is_due = True
        self._above.clear()

    def step_above(self, exchange: ExchangeName) -> Ladder:
        """The stricter ladder of an account and the engine."""
        mine, all_of = self.ladders[account_scope(exchange)], self.ladders[ENGINE]
        return mine if mine.step > all_of.step else all_of

    def readings(self) -> tuple[RiskReading, ...]:
        """What every rule of the engine and of each account measures now."""
        now, others = self._engine.clock.now(), self._engine.settings.other_rules
        found = list(read_engine(self.engine_inputs(now), self._limits, others))
        for name in self._engine.order_managers:
            found += read_account(self.account_inputs(name, now), self.account_limits(name), others)
        return tuple(one.reading for one in found)

    def account_limits(self, name: ExchangeName) -> AccountLimits:
        """The limits of one account."""
        return self._engine.settings.account_limits.get(name, AccountLimits())


def account_scope(name: ExchangeName) -> str:
    """What an account is called in readings and on ladders."""
    return f"account {name}"


def _leverage_share(inputs: AccountInputs, limits: AccountLimits) -> Decimal | None:
    if limits.leverage is None:
        return None
    usages = thresholds(BY_NAME["leverage"], limits).usages()
    perpetuals = [one for one in inputs.book.holdings if one.is_perpetual]
    return multiple_share(inputs.book, perpetuals, [limits.leverage * u for u in usages])


def _smaller(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((share for share in (one, other) if share is not None), default=None)
