"""What a bot's orders would become under another config, found out without doing any of it.

A copy of the strategy is told and asked, the same gate and the same reconciler judge its answer,
and cancels and placements are imagined to go through until nothing is left to do.
"""

import copy
from collections.abc import Callable

import msgspec

from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import DesiredOrder, Order, OrderState, OrderType
from nimbus_tui.core.plan import Plan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bot_risk import is_delayed
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.engine.strategy_guard import AnyStrategy
from nimbus_tui.orders.live_orders import LiveOrders
from nimbus_tui.orders.reconcile import Cancel, reconcile
from nimbus_tui.risk.escalation import assess
from nimbus_tui.risk.gate import VenueSync, review
from nimbus_tui.risk.position import exit_rules
from nimbus_tui.risk.table import read_bot
from nimbus_tui.strategies import answers

ROUNDS = 8
"""So many rounds of cancels, placements and questions settle every strategy; no more are made."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of it at the newest prices."""

    cancels: tuple[Order, ...] = ()
    places: tuple[DesiredOrder, ...] = ()
    later: int = 0
    """How many more the order rate lets follow within the next minutes."""
    stops: str = ""
    """Why the new limits would stop the bot at once; empty where they would not."""
    pauses: str = ""
    """The same of a pause."""
    waits: str = ""
    """Why it does not plan before something has happened; then its orders can't be told yet."""
    fails: str = ""
    """What the strategy raises; empty where it takes the change over."""


def rehearse(bot: Bot, spec: BotSpec, now: int) -> Rehearsal:
    """What a running bot would do under a changed spec; `now` in ns."""
    if bot.standing.is_stopped:
        return Rehearsal()
    if waits := _waits(bot):
        return Rehearsal(waits=waits)
    # The parts of a bot read these from it, so it lends them for a moment.
    limits, live, memory = bot.limits, bot.keeper.live, bot.risk.observer.memory
    bot.limits, bot.keeper.live = spec.limits, LiveOrders(tuple(live.values()))
    try:
        return _Rehearsing(bot, spec, now).result()
    except (Exception, SystemExit) as error:  # the strategy's own, on its copy
        return Rehearsal(fails=answers.in_words(error))
    finally:
        bot.limits, bot.keeper.live, bot.risk.observer.memory = limits, live, memory
        bot.risk.above()  # which puts what the bot holds back into the book


def _waits(bot: Bot) -> str:
    """What a bot waits for before it plans anew; empty where it would at once."""
    if not (bot.saved.opened and bot.has_prices):
        return "it plans with its first price"
    if bot.sync is not VenueSync.NOW or bot.awaits_leverage:
        return f"it plans anew once it is in step with {bot.orders.name}"
    return "" if bot.life.can_be_asked else "it plans anew once its strategy has recovered"


class _Rehearsing:
    """One rehearsal; `bot` has the new limits and live orders that may be changed."""

    def __init__(self, bot: Bot, spec: BotSpec, now: int) -> None:
        self._bot = bot
        self._spec = spec
        self._now = now
        self._cancelled: list[Order] = []
        self._placed: dict[str, DesiredOrder] = {}
        self._later = 0

    def result(self) -> Rehearsal:
        """Go through it from the look of the law to the last order."""
        if tripped := self._tripped_exit():
            return Rehearsal(cancels=tuple(self._bot.keeper.live.values()), stops=tripped)
        step, reason = self._step()
        if step >= RiskStep.STOP:
            return Rehearsal(cancels=tuple(self._bot.keeper.live.values()), stops=reason)
        self._go_through(self._asking(step), step)
        return Rehearsal(
            cancels=tuple(self._cancelled),
            places=tuple(self._placed.values()),
            later=self._later,
            pauses=reason if step is RiskStep.PAUSE > self._bot.standing.step else "",
        )

    def _tripped_exit(self) -> str:
        """Which exit the new limits would make at once, in words."""
        bot = self._bot
        for symbol, mark in bot.marks().items():
            for rule in exit_rules(bot.books.position(symbol), bot.limits):
                trusted = bot.risk.trusts(symbol)
                if trusted and rule.trips(mark, bot.risk.beyond_ns(rule, symbol)):
                    name = rule.rule.replace("_", " ")
                    return f"{name}: {symbol} is at {mark}, and it closes at {rule.price:f}"
        return ""

    def _step(self) -> tuple[RiskStep, str]:
        """The step that would hold, and why."""
        bot = self._bot
        verdicts = read_bot(bot.risk.inputs(self._now), bot.limits, bot.risk.others)
        ladder, _ = assess(bot.risk.memory.ladder, verdicts, self._now, bot.limits.hold_ns)
        above = bot.risk.ladder_above()
        highest = ladder if ladder.step >= above.step else above
        seen = bot.saved.risk_reason or bot.saved.difference or bot.standing.unset
        paused = RiskStep.PAUSE if bot.record.state == "paused" or seen else RiskStep.NORMAL
        return max(highest.step, paused), highest.reason

    def _asking(self, step: RiskStep) -> Callable[[], Plan]:
        """How to ask the copy that has been told of the change."""
        strategy = _copied(self._bot.strategy)
        config = self._spec.strategy.config
        if config != strategy.config:
            strategy.update_config(config)
            strategy.config = config

        def ask() -> Plan:
            view = msgspec.structs.replace(self._bot.view(), may_add=step < RiskStep.PAUSE)
            return answers.sound_plan(strategy.plan(view), self._bot.instruments, view.now)

        return ask

    def _go_through(self, ask: Callable[[], Plan], step: RiskStep) -> None:
        plan = ask()
        for _ in range(ROUNDS):
            live = self._bot.keeper.live
            reviewed = review(plan, self._bot.situation(plan, live, step))
            self._later = sum(is_delayed(reason) for reason in reviewed.held_back.values())
            actions = reconcile(reviewed, live)
            for action in actions:
                if isinstance(action, Cancel):
                    self._cancel(action.order)
                else:
                    self._place(action.desired)
            if any(order.type is OrderType.MARKET for order in self._placed.values()):
                return  # it fills, and what comes then depends on the price
            if plan.wake.settled and not self._bot.keeper.live:
                plan = ask()
            elif not actions:
                return

    def _cancel(self, order: Order) -> None:
        self._bot.risk.observer.sent(adds=False)
        ended = msgspec.structs.replace(order, state=OrderState.CANCELLED)
        self._bot.keeper.live.put(ended)
        if self._placed.pop(order.key, None) is None:
            self._cancelled.append(order)

    def _place(self, desired: DesiredOrder) -> None:
        adds = self._bot.position(desired.symbol) * desired.side.sign >= 0
        self._bot.risk.observer.sent(adds=adds)
        self._placed[desired.key] = desired
        self._bot.keeper.live.put(
            Order(
                bot_id=self._bot.bot_id,
                key=desired.key,
                generation=0,
                client_order_id=ClientOrderId(f"imagined {desired.key}"),
                symbol=desired.symbol,
                side=desired.side,
                quantity=desired.quantity,
                type=desired.type,
                price=desired.price,
                trigger_price=desired.trigger_price,
                reduce_only=desired.reduce_only,
                state=OrderState.OPEN,
            )
        )


def _copied(strategy: AnyStrategy) -> AnyStrategy:
    """Whatever it does, the strategy that trades doesn't notice."""
    instruments = strategy.instruments  # a view that can't be copied, and needn't be
    return copy.deepcopy(strategy, {id(instruments): instruments})
