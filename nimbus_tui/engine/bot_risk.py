"""One bot under the law: what its rules measure, where they take it, and what they let through."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.events import CircuitBreakerActivated, PositionLimitWarning
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Side
from nimbus_tui.core.plan import Band, ReviewedPlan
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.engine.risk_memory import RiskMemory, memory_fact, remembered
from nimbus_tui.engine.ruled import Above, RuledBot
from nimbus_tui.engine.stopping import StopWay
from nimbus_tui.journal.base import Journal
from nimbus_tui.risk import bands, order_rate, streak
from nimbus_tui.risk.allowances import Allowance, bot_allowances
from nimbus_tui.risk.equity_track import began, observed, with_peak_reset
from nimbus_tui.risk.escalation import Change, Ladder, assess, in_words, released
from nimbus_tui.risk.position import ExitRule, beyond_since
from nimbus_tui.risk.reading import Verdict, read
from nimbus_tui.risk.rule import Rule
from nimbus_tui.risk.situation import WAITS
from nimbus_tui.risk.states import (
    BotInputs,
    Holding,
    Input,
    PositionState,
    StrategyState,
    StreamState,
)
from nimbus_tui.risk.table import BY_NAME, read_bot

ZERO = Decimal(0)
_SIZE = BY_NAME["position_size"]
_DELAYED = (f"{WAITS} order rate", f"{WAITS} throttle rate")


class BotRisk:
    """The rules of levels 1, 2 and 4 of one bot; looked at before its strategy is asked."""

    def __init__(self, bot: RuledBot, journal: Journal, clock: Clock, venue: str) -> None:
        self._bot = bot
        self._journal = journal
        self._clock = clock
        self._source = f"marks of {venue}"
        self.above: Callable[[], Above] = Above
        """What the limits over several bots leave to this one; worked out for each review."""
        self.ladder_above: Callable[[], Ladder] = lambda: Ladder(scope="")
        """The stricter ladder of its account and the engine."""
        self.streams: Callable[[], tuple[StreamState, ...]] = tuple
        self.mark_age_ms: Callable[[Symbol], int | None] = lambda symbol: None
        self.others: tuple[Rule, ...] = ()
        self.memory: RiskMemory = remembered(journal, bot.bot_id)
        self.verdicts: tuple[Verdict, ...] = ()
        """What the rules said last."""
        self.waiting = 0
        """How many new orders the order rate holds back."""
        self._extremes: dict[Symbol, tuple[Decimal, Decimal]] = {}
        """The lowest and highest mark since the last turn."""
        self._highest: Decimal | None = None
        """The most that the equity has been since the last look."""
        self._warned: dict[str, RiskStep] = {}
        self._is_dirty = False

    # every turn

    def saw(self, quote: Quote) -> None:
        """A price that gives the bot no turn: the peak of its equity may be at it."""
        mark = quote.mark_price or quote.price
        low, high = self._extremes.get(quote.symbol, (mark, mark))
        self._extremes[quote.symbol] = (min(low, mark), max(high, mark))

    def before_facts(self) -> None:
        """Prices until now were met with the position until now: fills may change it next."""
        if self._extremes:
            self._highest = max(self._highest or ZERO, self._highest_seen())
            self._extremes.clear()

    def _highest_seen(self) -> Decimal:
        """The most that the equity has been since the last look: it is linear in one price."""
        books, marks = self._bot.books, self._bot.marks()
        if len(self._bot.instruments) > 1:
            return books.equity(marks)
        return max(
            books.equity(marks | {symbol: mark})
            for symbol, reached in self._extremes.items()
            for mark in reached
        )

    def is_due(self, now: int) -> bool:
        """Whether a look is worth while although no price has come."""
        if not self._bot.ledger.saved.opened:
            return False
        early_ns = int(self._bot.limits.connection * NS_PER_SECOND) * 7 // 10
        quiet = any(
            one.last_data_ns is None or not one.resynced or now - one.last_data_ns >= early_ns
            for one in self.streams()
        )
        return quiet or self.memory.ladder.step is not RiskStep.NORMAL

    @property
    def watches_every_price(self) -> bool:
        """Whether no price may pass unseen: equity is not linear in several of them at once."""
        limits = self._bot.limits
        follows = limits.drawdown is not None or limits.daily_loss is not None
        return follows and len(self._bot.instruments) > 1

    def look(self) -> None:
        """Measure, let the ladder follow, and carry out what it asks for."""
        if not (self._bot.ledger.saved.opened and self._bot.has_prices):
            return
        now = self._clock.now()
        self._observe(now)
        inputs = self.inputs(now)
        self.verdicts = read_bot(inputs, self._bot.limits, self.others)
        if self._bot.standing.is_stopped:
            return
        self._warn_of_size(inputs)
        ladder, change = assess(self.memory.ladder, self.verdicts, now, self._bot.limits.hold_ns)
        if ladder != self.memory.ladder:
            self._remember(ladder=ladder)
        if change is not None:
            self._took_step(change)

    def _took_step(self, change: Change) -> None:
        self._bot.publish(change.event())
        reading = change.reading
        if reading is None or change.after < change.before:
            return
        if reading.rule == "consecutive_losses" and change.after is RiskStep.PAUSE:
            seconds = self._bot.limits.cooldown_ns // NS_PER_SECOND
            losses = int(reading.measured or ZERO)
            self._bot.publish(CircuitBreakerActivated(losses=losses, cooldown_seconds=seconds))
        if change.after >= RiskStep.STOP:
            way = StopWay.POSITION_AGE if change.closes else StopWay.RULE
            self._bot.standing.stop(way, in_words(reading))

    def _warn_of_size(self, inputs: BotInputs) -> None:
        """Tell once each time that a position comes near its limit, or is refused by it."""
        limits = self._bot.limits
        if limits.position_size is None:
            return
        for state in inputs.positions:
            one = msgspec.structs.replace(inputs, positions=(state,))
            reading, symbol = read(_SIZE, one, limits).reading, state.holding.symbol
            step = reading.step if not reading.refuses else max(reading.step, RiskStep.THROTTLE)
            if step > self._warned.get(symbol, RiskStep.NORMAL) and reading.measured is not None:
                self._bot.publish(
                    PositionLimitWarning(
                        symbol=symbol, measured=reading.measured, limit=limits.position_size
                    )
                )
            self._warned[symbol] = step

    # what is measured

    def inputs(self, now: int) -> BotInputs:
        """All that the bot's rules read."""
        bot = self._bot
        worst = bot.keeper.worst_refusal()
        return BotInputs(
            bot_id=bot.bot_id,
            now_ns=now,
            positions=tuple(self._position_state(symbol, now) for symbol in bot.instruments),
            strategy=StrategyState(
                equity=Input(value=bot.equity(), source=self._source),
                track=self.memory.track,
                streak=self.memory.streak,
                orders=self.memory.orders,
                waiting=self.waiting,
            ),
            streams=self.streams(),
            refusals=worst[0],
            refused=worst[1],
        )

    def _position_state(self, symbol: Symbol, now: int) -> PositionState:
        position = self._bot.books.position(symbol)
        return PositionState(
            holding=self._holding(symbol, position.quantity),
            average_cost=position.average_cost,
            opened_ns=self.memory.opened.get(symbol),
            beyond_since=self.memory.beyond.get(symbol),
        )

    def _holding(self, symbol: Symbol, quantity: Decimal) -> Holding:
        buys, sells = self.resting(symbol)
        quote = self._bot.prices.get(symbol)
        mark = None if quote is None else quote.mark_price or quote.price
        return Holding(
            bot_id=self._bot.bot_id,
            symbol=symbol,
            quantity=quantity,
            buys=buys,
            sells=sells,
            mark=self.mark_input(symbol, mark),
        )

    def mark_input(self, symbol: Symbol, mark: Decimal | None) -> Input:
        """A mark, and whether it is too old to be trusted."""
        age_ms = self.mark_age_ms(symbol)
        stale = age_ms is not None and age_ms > self._bot.limits.connection * 1000
        quality = RiskInput.STALE if stale else RiskInput.GOOD
        return Input(value=mark, source=self._source, age_ms=age_ms, quality=quality)

    def resting(self, symbol: Symbol) -> tuple[Decimal, Decimal]:
        """What is still to fill of the buys and of the sells that may rest."""
        buys, sells = ZERO, ZERO
        for order in self._bot.keeper.live.values():
            if order.symbol == symbol and order.side is Side.BUY:
                buys += order.remaining
            elif order.symbol == symbol:
                sells += order.remaining
        return buys, sells

    def _observe(self, now: int) -> None:
        """Let the memory follow what has happened since the last look."""
        self._observe_cycles(now)
        bot, before = self._bot, self.memory.track
        day_start = bot.limits.day_start_ns
        equity = bot.equity()
        if before is None:
            before = began(equity, now, self._source, day_start)
            self._remember(track=before)
        highest, self._highest = self._highest, None
        after = observed(
            before,
            equity,
            now,
            origin=self._source,
            day_start_ns=day_start,
            highest=highest,
        )
        if (after.peak, after.points, after.day) != (before.peak, before.points, before.day):
            self._remember(track=after)
        else:
            # The newest equity alone is worth no write: the books say it at any time.
            self.memory = msgspec.structs.replace(self.memory, track=after)

    def observe_exits(self) -> None:
        """Note since when positions are open and marks beyond their stop loss."""
        now = self._clock.now()
        opened, beyond = dict(self.memory.opened), dict(self.memory.beyond)
        marks = self._bot.marks()
        for symbol in self._bot.instruments:
            quantity = self._bot.books.position(symbol).quantity
            if not quantity:
                opened.pop(symbol, None)
            else:
                opened.setdefault(symbol, now)
            rules = self._bot.standing.exit_rules(symbol)
            since = (
                beyond_since(beyond.get(symbol), rules, marks[symbol], now)
                if symbol in marks
                else None
            )
            if since is None:
                beyond.pop(symbol, None)
            else:
                beyond[symbol] = since
        if (opened, beyond) != (self.memory.opened, self.memory.beyond):
            self._remember(opened=opened, beyond=beyond)

    def _observe_cycles(self, now: int) -> None:
        log, limits = self._bot.cycles, self._bot.limits
        run = streak.settled(self.memory.streak, now, limits.consecutive_losses, limits.cooldown_ns)
        fresh = log.count - self.memory.cycles
        for cycle in log.recent[max(0, len(log.recent) - fresh) :] if fresh > 0 else ():
            run = streak.cycle_closed(run, cycle.result, now, limits.consecutive_losses)
        if run != self.memory.streak or fresh:
            self._remember(streak=run, cycles=log.count)

    # what follows from it

    @property
    def rule_step(self) -> RiskStep:
        """The strictest step that the ladders of the bot, its account and the engine ask for."""
        return max(self.memory.ladder.step, self.ladder_above().step)

    @property
    def rule_reason(self) -> str:
        """Which rule asks for that step, and why."""
        above, mine = self.ladder_above(), self.memory.ladder
        return above.reason if above.step > mine.step else mine.reason

    def still_stops(self) -> str:
        """Which rule would stop the bot again at once, in words; empty when none would."""
        above = self.ladder_above()
        if above.step >= RiskStep.STOP:
            return above.reason
        if not (self._bot.ledger.saved.opened and self._bot.has_prices):
            return ""
        verdicts = read_bot(self.inputs(self._clock.now()), self._bot.limits, self.others)
        asking = [v.reading for v in verdicts if v.asks >= RiskStep.STOP]
        return in_words(asking[0]) if asking else ""

    def beyond_ns(self, rule: ExitRule, symbol: Symbol) -> int:
        """How long the mark has been beyond an exit's price."""
        since = self.memory.beyond.get(symbol)
        return 0 if since is None or rule.rule != "stop_loss" else self._clock.now() - since

    def allowances(self) -> tuple[Allowance, ...]:
        """What the bot's own limits leave to orders that add."""
        if self._bot.limits.position_size is None:
            return ()
        return bot_allowances(self.inputs(self._clock.now()), self._bot.limits)

    def adding_left(self) -> int:
        """How many new orders that add may leave now by the order rate."""
        now, limits = self._clock.now(), self._bot.limits
        return order_rate.adding_left(self.memory.orders, now, limits.order_rate)

    def throttled_left(self) -> int:
        """The same by the throttled rate."""
        now, limits = self._clock.now(), self._bot.limits
        return order_rate.throttled_left(self.memory.orders, now, limits.throttle_rate)

    def reviewed(self, plan: ReviewedPlan) -> None:
        """What the gate has let through: how many orders wait for their turn by the rate."""
        self.waiting = sum(reason.startswith(_DELAYED) for reason in plan.held_back.values())

    def sent(self, *, adds: bool) -> None:
        """An order or a cancel has left."""
        limits = self._bot.limits
        orders = order_rate.sent(
            self.memory.orders,
            self._clock.now(),
            adds=adds,
            order_rate=limits.order_rate,
            throttle_rate=limits.throttle_rate,
        )
        # Not written for its own sake: a restart takes longer than the bucket to fill.
        self.memory = msgspec.structs.replace(self.memory, orders=orders)

    def bands(self) -> dict[Symbol, Band]:
        """The prices between which no rule changes its step."""
        if self._bot.standing.is_stopped or not self._watches_prices:
            return {}
        return bands.bot_bands(self.inputs(self._clock.now()), self._bot.limits)

    @property
    def _watches_prices(self) -> bool:
        limits = self._bot.limits
        watched = (
            limits.stop_loss, limits.stop_loss_price, limits.take_profit,
            limits.take_profit_price, limits.position_size, limits.daily_loss, limits.drawdown,
        )  # fmt: skip
        return any(limit is not None for limit in watched)

    def next_time(self) -> int | None:
        """When a rule may change its step though no price moves."""
        bot = self._bot
        if bot.standing.is_stopped or not bot.ledger.saved.opened:
            return None
        now, limits = self._clock.now(), bot.limits
        inputs = msgspec.structs.replace(self.inputs(now), streams=())
        times = [bands.next_time(inputs, limits), self.memory.ladder.until(limits.hold_ns)]
        if self.waiting:
            times.append(order_rate.next_adding_ns(self.memory.orders, now, limits.order_rate))
            if bot.standing.step is RiskStep.THROTTLE:
                throttled = limits.throttle_rate
                times.append(order_rate.next_throttled_ns(self.memory.orders, now, throttled))
        return min((at for at in times if at is not None and at > now), default=None)

    def readings(self) -> tuple[RiskReading, ...]:
        """What every rule of the bot measures now."""
        if not (self._bot.ledger.saved.opened and self._bot.has_prices):
            return ()
        inputs = self.inputs(self._clock.now())
        return tuple(v.reading for v in read_bot(inputs, self._bot.limits, self.others))

    # the operator

    def release(self) -> None:
        """The operator starts the bot anew: from the bottom of the ladder."""
        ladder, change = released(self.memory.ladder)
        self._remember(ladder=ladder)
        if change is not None:
            self._bot.publish(change.event())

    def reset_peak(self) -> tuple[Decimal | None, Decimal]:
        """Measure the drawdown from now on; returns the peak that was, and the new one."""
        now, equity = self._clock.now(), self._bot.equity()
        self._observe(now)
        track = self.memory.track
        before = None if track is None else track.peak
        if track is not None:
            self._remember(track=with_peak_reset(track, now))
        return before, equity

    # the journal

    def _remember(self, **changes: Any) -> None:
        self.memory = msgspec.structs.replace(self.memory, **changes)
        self._is_dirty = True

    def save(self) -> None:
        """Write what has changed, in the transaction that is open."""
        if self._is_dirty:
            self._is_dirty = False
            text = msgspec.json.encode(self.memory).decode()
            self._journal.save_fact(memory_fact(self._bot.bot_id), text)
