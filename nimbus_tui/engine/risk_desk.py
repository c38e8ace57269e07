"""The rules over several bots: of each account and of the engine, and the ladders they lead to."""

from collections.abc import Iterable, Set
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.plan import Band
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bot_risk import LOOK_AGAIN_NS
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.hourly_closes import HourlyCloses
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.risk_book import RiskBook, Share, held_of
from nimbus_tui.engine.risk_inputs import RiskInputs
from nimbus_tui.engine.risk_memory import ladder_fact, remembered_ladder
from nimbus_tui.engine.risk_side import RiskSide
from nimbus_tui.engine.ruled import Above
from nimbus_tui.risk.allowances import account_allowances, engine_allowances, refusal
from nimbus_tui.risk.bands import book_share, multiple_share
from nimbus_tui.risk.escalation import Change, Ladder, assess, in_words, released
from nimbus_tui.risk.limits import AccountLimits, EngineLimits
from nimbus_tui.risk.reading import Verdict, thresholds
from nimbus_tui.risk.states import AccountInputs
from nimbus_tui.risk.table import BY_NAME, read_account, read_engine

DESK = BotId("\x00risk desk")
"""Under which name the desk asks the wake index for a look; no bot can have it."""
ENGINE = "engine"
LOOK_EVERY_S = 1.0
"""How often what no price tells of is looked at: silent streams, request budgets, refusals."""
ZERO = Decimal(0)
ONE = Decimal(1)
_Asker = tuple[ExchangeName, frozenset[Symbol]]
"""Bots of one venue with the same symbols are told the same."""


class RiskDesk:
    """Looks before the bots have their turns, whenever a number that counts has changed."""

    def __init__(self, engine: RiskSide) -> None:
        self._engine = engine
        self._book = RiskBook()
        self.closes = HourlyCloses(engine.journal, self._limits.correlated_from)
        self.seen = RiskInputs(engine, self._book, self.closes)
        names = [exchange.name for exchange in engine.exchanges.values()]
        self.ladders: dict[str, Ladder] = {
            scope: remembered_ladder(engine.journal, scope)
            for scope in (ENGINE, *(account_scope(name) for name in names))
        }
        self.verdicts: dict[str, tuple[Verdict, ...]] = dict.fromkeys(self.ladders, ())
        self._is_seeded = False
        """Whether what the bots hold since before the start is in the book."""
        self._is_due = True
        self._above: dict[_Asker, Above] = {}
        """What has been answered since a number changed that it depends on."""
        self._above_at: tuple[object, ...] = ()
        engine.accounts.told = self.told

    @property
    def _limits(self) -> EngineLimits:
        return self._engine.settings.limits

    def join(self, name: ExchangeName) -> None:
        """One more account is looked at."""
        scope = account_scope(name)
        self.ladders[scope] = remembered_ladder(self._engine.journal, scope)
        self.verdicts[scope] = ()
        self._is_due = True

    def limits_changed(self) -> None:
        """Other limits hold from now on; a rule that was off knows nothing yet of what is held."""
        self.closes.look_from(self._limits.correlated_from)
        self._is_seeded = False
        self._seed()
        for name in self._engine.accounts.equity:
            self.seen.told(name)
        self._is_due = True
        self._above.clear()

    def let_go(self, bot: Bot) -> None:
        """A bot is hosted no more."""
        self._book.drop(bot.bot_id)
        self._is_due = True
        self._above.clear()

    @property
    def follows_prices(self) -> bool:
        """Whether a rule is on that looks at all bots together."""
        return self.seen.follows_prices

    # what arrives

    def heard(self, market: Market, quote: Quote) -> None:
        """A price has come."""
        self._above.clear()
        self.seen.heard(market, quote)

    def note(self, bot: Bot) -> None:
        """A bot has had a turn: its part of the book may have changed."""
        if not (self.follows_prices and bot.saved.opened):
            return
        held = {
            symbol: held_of(bot.position(symbol), *bot.risk.resting(symbol))
            for symbol in bot.instruments
        }
        # What was brought in is no earning: it was in the account before.
        fixed = bot.books.equity(dict.fromkeys(bot.instruments, ZERO)) - bot.books.capital
        share = Share(bot.orders.name, bot.quote, fixed, held)
        if self._book.note(bot.bot_id, share):
            self._is_due = True
            self._above.clear()

    def told(self, name: ExchangeName) -> None:
        """A venue has told its account's equity."""
        self._seed()
        self.seen.told(name)
        self._is_due = self._is_due or self.follows_prices

    def fired(self, woken: Set[BotId]) -> None:
        """Who has been woken by a price or a time: perhaps the desk."""
        self._is_due = self._is_due or DESK in woken

    # the look

    def look(self) -> set[BotId]:
        """Measure, let the ladders follow; returns the bots for which something has changed."""
        if not self._is_due:
            return set()
        self._is_due = False
        self._above.clear()
        self._seed()
        before = {scope: self._says(scope) for scope in self.ladders}
        now = self._engine.clock.now()
        engine_inputs = self.seen.engine_inputs(now)
        others = self._engine.settings.other_rules
        self._climb(ENGINE, read_engine(engine_inputs, self._limits, others), self._limits.hold_ns)
        share = book_share(engine_inputs, self._limits)
        for name in self._engine.order_managers:
            limits, inputs = self.account_limits(name), self.seen.account_inputs(name, now)
            self._climb(account_scope(name), read_account(inputs, limits, others), limits.hold_ns)
            share = _smaller(share, _leverage_share(inputs, limits))
        self._trip_what_was_missed()
        self._arm(share)
        changed = {scope for scope in before if before[scope] != self._says(scope)}
        return {
            bot.bot_id
            for bot in self._engine.bots.values()
            if ENGINE in changed or account_scope(bot.orders.name) in changed
        }

    def _seed(self) -> None:
        """Enter what the bots hold since before the start: what they leave is each one's room."""
        if not self._is_seeded:
            self._is_seeded = bool(self._engine.bots)
            for bot in self._engine.bots.values():
                self.note(bot)

    def _says(self, scope: str) -> tuple[RiskStep, tuple[str, ...]]:
        """What bots are told by a scope, but for the numbers."""
        refuses = tuple(v.reading.refuses for v in self.verdicts[scope])
        return self.ladders[scope].step, refuses

    def _climb(self, scope: str, verdicts: tuple[Verdict, ...], hold_ns: int) -> None:
        self.verdicts[scope] = verdicts
        before, now = self.ladders[scope], self._engine.clock.now()
        if self._starts(now):
            # Nothing is let through on what isn't known yet, but what rests need not go for it.
            verdicts = tuple(v for v in verdicts if v.reading.input is not RiskInput.MISSING)
        ladder, change = assess(before, verdicts, now, hold_ns)
        if ladder.step < before.step and self._starts(now):
            return  # nor does a step end for it
        if ladder == before:
            return
        self.ladders[scope] = ladder
        text = msgspec.json.encode(ladder).decode() if ladder.step or ladder.held else None
        self._engine.journal.save_fact(ladder_fact(scope), text)
        if change is not None:
            self._took_step(change)

    def _starts(self, now: int) -> bool:
        """Whether first prices or figures of the accounts are still on their way."""
        engine = self._engine
        if now - engine.started_ns >= int(self._limits.connection * NS_PER_SECOND):
            return False
        knows_accounts = engine.order_managers.keys() <= engine.accounts.equity.keys()
        return not (knows_accounts and engine.watchers.keys() <= engine.prices.keys())

    def _took_step(self, change: Change) -> None:
        if change.after is RiskStep.EMERGENCY and change.reading is not None:
            self.trip(change.reading)
            return
        self._engine.bus.publish(change.event())

    def trip(self, reading: RiskReading) -> None:
        """A rule has gone as far as it goes."""
        self._trip(in_words(reading), reading)

    def _trip_what_was_missed(self) -> None:
        """The journal knows of an emergency, and the process ended before anybody acted."""
        bots = self._engine.bots.values()
        for ladder in (*self.ladders.values(), *(bot.risk.memory.ladder for bot in bots)):
            if ladder.step is RiskStep.EMERGENCY:
                self._trip(ladder.reason, None)

    def _trip(self, reason: str, reading: RiskReading | None) -> None:
        if not self._engine.emergency.latched:
            self._engine.emergency.trip_soon(reason, reading)

    def _arm(self, share: Decimal | None) -> None:
        """Ask for a look once a price has moved further than changes nothing."""
        for market, quote in self._engine.prices.items():
            mark = quote.mark_price or quote.price
            band: Band = (None, None)
            if share is not None:
                band = (mark * (ONE - share), mark * (ONE + share))
            self._engine.wakes.arm(DESK, market, band)
        self._engine.wakes.arm_time(DESK, self._next_time(self._engine.clock.now()))

    def _next_time(self, now: int) -> int | None:
        """When a ladder may come down though no price moves."""
        hold_ns = {account_scope(n): self.account_limits(n).hold_ns for n in self._names}
        times = [
            ladder.until(hold_ns.get(scope, self._limits.hold_ns))
            for scope, ladder in self.ladders.items()
        ]
        if any(one.step and not one.latched for one in self.ladders.values()):
            times.append(now + LOOK_AGAIN_NS)
        return min((one for one in times if one is not None and one > now), default=None)

    @property
    def _names(self) -> Iterable[ExchangeName]:
        return self._engine.order_managers

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
        worth = self.seen.worth(bot.orders.name, bot.quote) or ONE
        assets = {parse_symbol(symbol).base for symbol in bot.instruments}
        limits = self.account_limits(bot.orders.name)
        allowances = (
            *engine_allowances(self.seen.engine_inputs(now), self._limits, assets, worth),
            *account_allowances(self.seen.account_inputs(bot.orders.name, now), limits, worth),
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
        for bot in self._engine.bots.values():
            if bot.risk.memory.ladder.step is RiskStep.EMERGENCY:
                bot.risk.release()
        self._is_due = True
        self._above.clear()

    def step_above(self, exchange: ExchangeName) -> Ladder:
        """The stricter ladder of an account and the engine."""
        mine, all_of = self.ladders[account_scope(exchange)], self.ladders[ENGINE]
        return mine if mine.step > all_of.step else all_of

    def readings(self) -> tuple[RiskReading, ...]:
        """What every rule of the engine and of each account measures now."""
        now, others = self._engine.clock.now(), self._engine.settings.other_rules
        found = list(read_engine(self.seen.engine_inputs(now), self._limits, others))
        for name in self._engine.order_managers:
            found += read_account(
                self.seen.account_inputs(name, now), self.account_limits(name), others
            )
        return tuple(one.reading for one in found)

    def account_limits(self, name: ExchangeName) -> AccountLimits:
        """The limits of one account."""
        return self.seen.account_limits(name)

    def mark_age_ms(self, market: Market) -> int | None:
        """How long ago a price came; None where prices can't be silent."""
        return self.seen.mark_age_ms(market)

    def last_heard(self, market: Market) -> int | None:
        """When a price came last; None: never since the start."""
        return self.seen.last_heard(market)


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
