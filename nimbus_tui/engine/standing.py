"""How a bot stands: running, paused or stopped, by whose word, and what is left to close."""

from decimal import Decimal
from typing import TYPE_CHECKING

from nimbus_tui.accounting.books import Books
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.events import (
    Info,
    Initialized,
    Paused,
    Resumed,
    Started,
    StopLossTriggered,
    Stopped,
    TakeProfitTriggered,
)
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.core.plan import Plan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.closing import Closer, Closings
from nimbus_tui.engine.saved import Saved as Saved
from nimbus_tui.engine.stopping import StopPolicy, StopWay
from nimbus_tui.risk.limits import OnTakeProfit
from nimbus_tui.risk.position import ExitRule, exit_rules, reading

if TYPE_CHECKING:
    from nimbus_tui.engine.bot import Bot

ZERO = Decimal(0)


class Standing:
    """The operator's word, the rules' word, and the step that follows from both."""

    def __init__(self, bot: "Bot", *, close_on_stop: bool) -> None:
        self._bot = bot
        self.policy = StopPolicy(close_on_stop=close_on_stop)
        """What becomes of the position in each way of stopping."""
        self._closer = Closer(bot)
        self._rules: tuple[Books, tuple[ExitRule, ...]] | None = None
        self.emergency = False
        """Whether the engine's emergency shutdown holds."""
        self.unset = ""
        """Which setting the venue does not have that the bot needs, and why; found out anew at each
        start."""

    @property
    def rule_step(self) -> RiskStep:
        """The strictest step that the rules' ladders ask for now; only they take it back."""
        return self._bot.risk.rule_step

    @property
    def risk_reason(self) -> str:
        """Why refusals, the account, a rule or a setting pause the bot; empty while none does.

        The first two survive a restart and are lifted by the operator, who has looked into them;
        a rule's own pause ends only when the rule says so, and a setting's when the venue has it.
        """
        seen = self._bot.saved.risk_reason or self._bot.saved.difference
        return seen or self.rule_pause

    @property
    def rule_pause(self) -> str:
        """Which rule's ladder or missing setting pauses the bot, and why; empty while none does."""
        if self.unset:
            return self.unset
        if self.rule_step < RiskStep.PAUSE:
            return ""
        return self._bot.risk.rule_reason or "a risk rule pauses it"

    @property
    def is_stopped(self) -> bool:
        """Whether the bot is out of the market till the operator starts it."""
        return self.emergency or self._bot.record.state in ("stopped", "failed")

    @property
    def is_paused(self) -> bool:
        """Whether somebody has paused it."""
        return self._bot.record.state == "paused" or bool(self.risk_reason)

    @property
    def is_held_by_a_rule_alone(self) -> bool:
        """Whether there is nothing that the operator could lift."""
        saved = self._bot.saved
        seen = self._bot.record.state == "paused" or saved.risk_reason or saved.difference
        return bool(self.rule_pause) and not seen

    @property
    def step(self) -> RiskStep:
        """The strictest step that holds."""
        if self.emergency:
            return RiskStep.EMERGENCY
        if self.is_stopped:
            return RiskStep.STOP
        return max(self.rule_step, RiskStep.PAUSE if self.is_paused else RiskStep.NORMAL)

    @property
    def risk_step(self) -> RiskStep:
        """The step that the rules have asked for; the operator's pause is not risk."""
        if self.emergency:
            return RiskStep.EMERGENCY
        return max(self.rule_step, RiskStep.PAUSE if self.risk_reason else RiskStep.NORMAL)

    @property
    def state(self) -> BotState:
        """The state that people see."""
        record = self._bot.record
        if self.is_stopped:
            if self._bot.keeper.live or (self.is_closing and not self.is_flat):
                return BotState.STOPPING
            return BotState.FAILED if record.state == "failed" else BotState.STOPPED
        if not self._bot.saved.opened:
            return BotState.INITIALIZING
        return BotState.PAUSED if self.is_paused else BotState.RUNNING

    # the operator

    def pause(self) -> None:
        """The operator pauses: orders that add exposure go, none is placed."""
        if self._bot.record.state == "running":
            self._bot.change_record(state="paused", reason="paused by the operator")
            self._bot.publish(Paused(reason="operator"))

    def resume(self) -> None:
        """The operator lifts the pause, and with it the refusals that led to one.

        What a rule's ladder asks for is not the operator's to lift.
        """
        if self._bot.record.state == "paused":
            self._bot.change_record(state="running", reason="")
        self._bot.change_saved(risk_reason="", difference="")
        self._bot.keeper.refusals.forget()
        self._bot.risk.look()
        if not self.is_paused:
            self._bot.publish(Resumed())

    def stop(self, way: StopWay, reason: str) -> None:
        """Out of the market: all orders cancelled, the position by the one policy.

        Every way of stopping a bot comes through here, and `what_stopping_does` tells it before.
        """
        self._bot.change_record(state="stopped", reason=reason)
        self._bot.change_saved(flatten=self.would_close(way), restarts_when_flat=False)
        self._bot.plan = Plan()
        for event in self._bot.guard.tell_stopped():
            self._bot.retell(event)
        self._bot.publish(Stopped(reason=reason))

    def would_close(self, way: StopWay) -> bool:
        """Whether stopping in some way closes the position; a close that is under way goes on."""
        if way is StopWay.EMERGENCY:
            return self.policy.closes(way)
        return self.policy.closes(way) or self._bot.saved.flatten

    def start(self) -> None:
        """Begin a fresh plan on the position that is there."""
        self._bot.change_record(state="running", reason="")
        self._bot.risk.release()
        self._bot.change_saved(
            flatten=False,
            restarts_when_flat=False,
            closings=Closings(self._bot.saved.closings.count),
            risk_reason="",
            difference="",
        )
        self._bot.life.start()
        self._bot.announce()
        self._bot.publish(Started())

    def opened(self) -> None:
        """The books are open: the bot exists."""
        self._bot.publish(Initialized())
        self._bot.publish(Started())

    # the rules

    def fail(self, reason: str) -> None:
        """The strategy raised too often."""
        self.stop(StopWay.FAULTS, reason)
        self._bot.change_record(state="failed")

    def risk_pause(self, reason: str) -> None:
        """A rule pauses the bot until the operator has looked."""
        if not self._bot.saved.risk_reason:
            self._bot.change_saved(risk_reason=reason)
            self._bot.publish(Paused(reason=reason))

    def differs(self, words: str) -> None:
        """The account holds what the bot's fills don't explain, or not what they do."""
        self._bot.change_saved(difference=words)
        self._bot.publish(Paused(reason=words))

    def agrees(self) -> None:
        """The account's holdings are explained again."""
        self._bot.change_saved(difference="")
        if not self.is_paused:
            self._bot.publish(Resumed())

    def reset_peak(self) -> str:
        """The operator lets the drawdown be measured from now on; says from what to what."""
        before, now = self._bot.risk.observer.reset_peak()
        was = "" if before is None else f" (it was {before:.2f})"
        words = f"drawdown is measured from {now:.2f} {self._bot.quote} on{was}"
        self._bot.publish(Info(message=f"reset by the operator: {words}"))
        return words

    def assess(self) -> None:
        """Close the position if an exit rule has tripped; done before the strategy is asked."""
        if self.is_stopped:
            if self._bot.saved.restarts_when_flat and self.is_flat and not self._bot.keeper.live:
                self.start()
            return
        self._bot.risk.observer.observe_exits()
        for symbol, quote in self._bot.prices.items():
            mark = quote.mark_price or quote.price
            if not self._bot.risk.trusts(symbol):
                continue  # too old to sell by; the silence itself pauses the bot
            for rule in self.exit_rules(symbol):
                if rule.trips(mark, self._bot.risk.beyond_ns(rule, symbol)):
                    self._exit(symbol, rule, mark)
                    return

    def exit_rules(self, symbol: Symbol) -> tuple[ExitRule, ...]:
        """The exit rules of a position, worked out again when the books have changed."""
        if len(self._bot.instruments) > 1:
            return exit_rules(self._bot.books.position(symbol), self._bot.limits)
        if self._rules is None or self._rules[0] is not self._bot.books:
            rules = exit_rules(self._bot.books.position(symbol), self._bot.limits)
            self._rules = (self._bot.books, rules)
        return self._rules[1]

    def limits_changed(self) -> None:
        """The exits are worked out again."""
        self._rules = None

    def _exit(self, symbol: Symbol, rule: ExitRule, mark: Decimal) -> None:
        position = self._bot.books.position(symbol)
        measured = reading(self._bot.bot_id, rule, position, mark).measured or ZERO
        kind = StopLossTriggered if rule.rule == "stop_loss" else TakeProfitTriggered
        self._bot.publish(kind(symbol=symbol, price=mark, measured=measured, limit=rule.limit))
        words = rule.rule.replace("_", " ")
        way = StopWay.STOP_LOSS if rule.rule == "stop_loss" else StopWay.TAKE_PROFIT
        self.stop(way, f"{words}: {measured:.2f} % at {mark}, limit {rule.limit:.2f} %")
        if way is StopWay.TAKE_PROFIT:
            restarts = self._bot.limits.on_take_profit is OnTakeProfit.RESTART
            self._bot.change_saved(restarts_when_flat=restarts)

    # closing

    @property
    def is_closing(self) -> bool:
        """Whether the position is to go while the bot is out of the market."""
        if self.emergency:
            return self.policy.closes(StopWay.EMERGENCY)
        return self.is_stopped and self._bot.saved.flatten

    @property
    def is_flat(self) -> bool:
        """Whether nothing is left to close but dust."""
        return self._closer.is_done()

    def closing_orders(self) -> tuple[DesiredOrder, ...]:
        """The orders that close what is left, while the bot is stopped and to be flat."""
        return self._closer.orders() if self.is_closing else ()

    def order_ended(self, order: Order) -> None:
        """A closing order that ended makes room for one over what is left."""
        self._closer.order_ended(order)
