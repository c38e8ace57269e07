"""One bot under the law: what its rules measure, where they take it, and what they let through."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.events import CircuitBreakerActivated, PositionLimitWarning
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import Side
from nimbus_tui.core.plan import Band, ReviewedPlan
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.engine.risk_memory import RiskMemory
from nimbus_tui.engine.risk_observer import RiskObserver
from nimbus_tui.engine.ruled import Above, RuledBot
from nimbus_tui.engine.stopping import StopWay
from nimbus_tui.journal.base import Journal
from nimbus_tui.risk import bands, order_rate
from nimbus_tui.risk.allowances import Allowance, bot_allowances, is_for_room, refusal
from nimbus_tui.risk.escalation import Change, Ladder, assess, in_words, released
from nimbus_tui.risk.position import ExitRule
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
LOOK_FOR_ROOM_NS = 60 * NS_PER_SECOND
"""How often an order that a limit holds back is tried again at least."""
LOOK_AGAIN_NS = 10 * NS_PER_SECOND
"""How often a bot that is not at normal is looked at at least."""
_SIZE = BY_NAME["position_size"]
_DELAYED = (f"{WAITS} order rate", f"{WAITS} throttle rate")


class BotRisk:
    """The rules of levels 1, 2 and 4 of one bot; looked at before its strategy is asked."""

    def __init__(self, bot: RuledBot, journal: Journal, clock: Clock, venue: str) -> None:
        self._bot = bot
        self._clock = clock
        self._source = f"marks of {venue}"
        self.observer = RiskObserver(bot, journal, clock, self._source)
        self.above: Callable[[], Above] = Above
        """What the limits over several bots leave to this one; worked out for each review."""
        self.ladder_above: Callable[[], Ladder] = lambda: Ladder(scope="")
        """The stricter ladder of its account and the engine."""
        self.streams: Callable[[], tuple[StreamState, ...]] = tuple
        self.mark_age_ms: Callable[[Symbol], int | None] = lambda symbol: None
        self.trip: Callable[[RiskReading], None] = lambda reading: None
        """Shut the engine down; for a rule of the bot that goes as far."""
        self.others: tuple[Rule, ...] = ()
        self.verdicts: tuple[Verdict, ...] = ()
        """What the rules said last."""
        self.waiting = 0
        """How many new orders the order rate holds back."""
        self._lacks_room = False
        """Whether a limit holds an order back that may leave once others leave it room."""
        self._warned: dict[Symbol, RiskStep] = {}

    @property
    def memory(self) -> RiskMemory:
        """What the rules remember from turn to turn."""
        return self.observer.memory

    # every turn

    def is_due(self, now: int) -> bool:
        """Whether a look is worth while although nothing has woken the bot.

        A stream may be silent, or the equity be at a new peak, which a kill must not lose.
        """
        if not self._bot.ledger.saved.opened or self._bot.standing.is_stopped:
            return False
        if self._bot.limits.drawdown is not None and self.observer.is_past_its_peak:
            return True
        # What it asked for last has to be taken back once the gap is closed.
        was_silent = any(v.asks and v.reading.rule == "connection" for v in self.verdicts)
        return was_silent or any(
            not one.resynced or self._silent_ns(one, now) >= self._limit_ns * 7 // 10
            for one in self.streams()
        )

    def _silent_ns(self, stream: StreamState, now: int) -> int:
        return self._limit_ns if stream.last_data_ns is None else now - stream.last_data_ns

    @property
    def _limit_ns(self) -> int:
        return int(self._bot.limits.connection * NS_PER_SECOND)

    @property
    def can_look(self) -> bool:
        """Whether there is something to measure, or nothing for so long that this itself is told.

        Right after a start prices are only a moment away: that they aren't here yet is no gap.
        """
        if not self._bot.ledger.saved.opened:
            return False
        now = self._clock.now()
        return self._bot.has_prices or any(
            self._silent_ns(one, now) >= self._limit_ns for one in self.streams()
        )

    @property
    def watches_every_price(self) -> bool:
        """Whether no price may pass unseen: equity is not linear in several of them at once."""
        limits = self._bot.limits
        follows = limits.drawdown is not None or limits.daily_loss is not None
        return follows and len(self._bot.instruments) > 1

    def look(self) -> None:
        """Measure, let the ladder follow, and carry out what it asks for."""
        if not self.can_look:
            return
        now = self._clock.now()
        if self._bot.has_prices:
            self._observe(now)
        inputs = self.inputs(now)
        self.verdicts = read_bot(inputs, self._bot.limits, self.others)
        if self._bot.standing.is_stopped:
            return
        self._warn_of_size(inputs)
        ladder, change = assess(self.memory.ladder, self.verdicts, now, self._bot.limits.hold_ns)
        if ladder != self.memory.ladder:
            self.observer.remember(ladder=ladder)
        if change is not None:
            self._took_step(change)
        self._close_for_others()

    def _observe(self, now: int) -> None:
        before = self.memory.streak.tripped_ns
        self.observer.observe(now)
        run = self.memory.streak
        if before is None and run.tripped_ns is not None:
            seconds = self._bot.limits.cooldown_ns // NS_PER_SECOND
            self._bot.publish(CircuitBreakerActivated(losses=run.count, cooldown_seconds=seconds))

    def _took_step(self, change: Change) -> None:
        reading = change.reading
        if change.after is RiskStep.EMERGENCY and reading is not None:
            self.trip(reading)  # which tells of it
        else:
            self._bot.publish(change.event())
        if reading is None or change.after < change.before or change.after < RiskStep.STOP:
            return
        way = StopWay.POSITION_AGE if change.closes else StopWay.RULE
        self._bot.standing.stop(way, in_words(reading))

    def _close_for_others(self) -> None:
        """Carry out an exit of another package; our own trip at their price, before any look."""
        names = {rule.name for rule in self.others if rule.closes}
        for verdict in self.verdicts:
            trips = verdict.reading.closes and verdict.reading.rule in names
            if trips and not self._bot.standing.is_stopped:
                self._bot.standing.stop(StopWay.OTHER_EXIT, in_words(verdict.reading))

    def _warn_of_size(self, inputs: BotInputs) -> None:
        """Tell once each time that a position comes near its limit, or is refused by it.

        It may come near again once it was calm, so that a price to and fro tells nothing new.
        """
        limits = self._bot.limits
        if limits.position_size is None:
            return
        for state in inputs.positions:
            one = msgspec.structs.replace(inputs, positions=(state,))
            verdict = read(_SIZE, one, limits)
            reading, symbol = verdict.reading, state.holding.symbol
            step = reading.step if not reading.refuses else max(reading.step, RiskStep.THROTTLE)
            before = self._warned.get(symbol, RiskStep.NORMAL)
            if step > before and reading.measured is not None:
                self._bot.publish(
                    PositionLimitWarning(
                        symbol=symbol, measured=reading.measured, limit=limits.position_size
                    )
                )
            self._warned[symbol] = max(step, min(before, verdict.eased))

    # what is measured

    def inputs(self, now: int) -> BotInputs:
        """All that the bot's rules read."""
        bot = self._bot
        worst = bot.keeper.refusals.worst()
        return BotInputs(
            bot_id=bot.bot_id,
            now_ns=now,
            positions=tuple(self._position_state(symbol, now) for symbol in bot.instruments),
            strategy=StrategyState(
                equity=self._equity(),
                track=self.memory.track,
                streak=self.memory.streak,
                orders=self.memory.orders,
                waiting=self.waiting,
            ),
            streams=self.streams(),
            refusals=worst[0],
            refused=worst[1],
        )

    def _equity(self) -> Input:
        """No better than the worst of the marks that it is made of."""
        bot = self._bot
        if not bot.has_prices:
            return Input(value=None, source=self._source)
        marks = [
            self.mark_input(symbol, mark)
            for symbol, mark in bot.marks().items()
            if bot.books.position(symbol).quantity
        ]
        ages = [one.age_ms for one in marks if one.age_ms is not None]
        bad = [one.quality for one in marks if one.quality is not RiskInput.GOOD]
        return Input(
            value=bot.equity(),
            source=self._source,
            age_ms=max(ages, default=None),
            quality=bad[0] if bad else RiskInput.GOOD,
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

    def trusts(self, symbol: Symbol) -> bool:
        """Whether the mark of a symbol is fresh enough to act upon."""
        return self.mark_input(symbol, ZERO).problem is RiskInput.GOOD

    def resting(self, symbol: Symbol) -> tuple[Decimal, Decimal]:
        """What is still to fill of the buys and of the sells that may rest."""
        buys, sells = ZERO, ZERO
        for order in self._bot.keeper.live.values():
            if order.symbol == symbol and order.side is Side.BUY:
                buys += order.remaining
            elif order.symbol == symbol:
                sells += order.remaining
        return buys, sells

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
        if not self.can_look:
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

    def refusal(self) -> str:
        """Why no order that adds may leave at all, by a rule of the bot that has no allowance."""
        return refusal(self.verdicts)

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
        self._lacks_room = any(is_for_room(reason) for reason in plan.held_back.values())
        self.waiting = sum(is_delayed(reason) for reason in plan.held_back.values())

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
        if self.memory.ladder.step and not self.memory.ladder.latched:
            # What takes a step back is not always a price or a time that can be told beforehand.
            times.append(now + LOOK_AGAIN_NS)
        if self._lacks_room:
            times.append(now + LOOK_FOR_ROOM_NS)
        if self.waiting:
            times.append(order_rate.next_adding_ns(self.memory.orders, now, limits.order_rate))
            if bot.standing.step is RiskStep.THROTTLE:
                throttled = limits.throttle_rate
                times.append(order_rate.next_throttled_ns(self.memory.orders, now, throttled))
        return min((at for at in times if at is not None and at > now), default=None)

    def readings(self) -> tuple[RiskReading, ...]:
        """What every rule of the bot measures now."""
        if not self.can_look:
            return ()
        inputs = self.inputs(self._clock.now())
        return tuple(v.reading for v in read_bot(inputs, self._bot.limits, self.others))

    # the operator

    def release(self) -> None:
        """The operator starts the bot anew: from the bottom of the ladder."""
        ladder, change = released(self.memory.ladder)
        self.observer.remember(ladder=ladder)
        if change is not None:
            self._bot.publish(change.event())


def is_delayed(reason: str) -> bool:
    """Whether an order is held back by nothing but the rate of orders."""
    return reason.startswith(_DELAYED)
