"""The wall around one bot's strategy: what it raises or mangles harms its own bot alone."""

import traceback
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.events import Error, Event
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.strategies import answers
from nimbus_tui.strategies.base import BaseTradingStrategy, StatisticValue

AnyStrategy = BaseTradingStrategy[Any, Any]
T = TypeVar("T")

BACK_OFF_S = (1, 2, 5, 15, 60)
"""How long a bot that raised rests before its next try; the last one repeats."""


class StrategyGuard:
    """Every call into a strategy goes through here.

    A call that raises leaves the strategy's state as it was before, and the bot rests for a while:
    its plan stands, it is not asked. `failed` is called when it has raised too often.
    """

    def __init__(
        self,
        strategy: AnyStrategy,
        instruments: Mapping[Symbol, Instrument],
        *,
        clock: Clock,
        publish: Callable[[Event], None],
        failed: Callable[[str], None],
        max_restarts: int,
        restart_window_s: int,
    ) -> None:
        self.strategy = strategy
        self.frozen_until: int | None = None
        self.is_up = False
        """Whether its state is the journalled one: not before it has taken that up."""
        self._instruments = instruments
        self._clock = clock
        self._publish = publish
        self._failed = failed
        self._max_restarts = max_restarts
        self._restart_window_ns = restart_window_s * NS_PER_SECOND
        self._failures: list[int] = []
        self._complaints: dict[str, str] = {}
        self._shown: tuple[Panel | None, Panel | None] = (None, None)

    # what the bot asks

    def call(self, call: Callable[[], T]) -> T | None:
        """Call the strategy; None if it raised, and then the bot is frozen."""
        try:
            return self._whole(call)
        except (Exception, SystemExit) as error:
            self._freeze(error)
            return None

    def tell(self, call: Callable[[], object]) -> bool:
        """Call the strategy for something that it can't answer; returns whether it went well."""

        def told() -> bool:
            call()
            return True

        return self.call(told) is not None

    def tell_stopped(self) -> list[Event]:
        """Tell the strategy that it is out of the market; whatever it says to that, it is.

        Returns what it wants the world to know.
        """
        try:
            self._whole(self.strategy.stop)
            return self._announced()
        except (Exception, SystemExit) as error:
            self._report(error)
            return []

    def initialize(self, saved_state: bytes | None) -> None:
        """Let the strategy take up a journalled state; the rest is over."""
        self.frozen_until = None
        self.is_up = self.tell(lambda: self.strategy.initialize(saved_state))

    def plan(self, view: View) -> Plan | None:
        """What it wants to rest now."""
        return self.call(
            lambda: answers.sound_plan(self.strategy.plan(view), self._instruments, view.now)
        )

    def likely_keys(self) -> tuple[OrderKey, ...]:
        """Keys of orders that its journalled state may not know."""
        return self.call(lambda: answers.sound_keys(self.strategy.likely_keys())) or ()

    def required_capital(self, prices: Mapping[Symbol, Decimal]) -> Decimal | None:
        """The most quote that its plan can commit."""
        return self.call(
            lambda: answers.sound_capital(
                self.strategy.required_capital(self.strategy.config, self._instruments, prices)
            )
        )

    def wanted_claim(self, view: View) -> Mapping[Symbol, Decimal]:
        """What it takes over of the account's unowned holdings."""
        found = self.call(
            lambda: answers.sound_claims(self.strategy.wanted_claim(view), self._instruments)
        )
        return found or {}

    def announcements(self) -> list[Event]:
        """What it wants the world to know since the last call."""
        return self.call(self._announced) or []

    def _announced(self) -> list[Event]:
        return [answers.sound_event(event) for event in self.strategy.take_events()]

    def cycles(self) -> list[Cycle]:
        """The results that it has closed since the last call."""
        return self.call(lambda: answers.sound_cycles(self.strategy.take_cycles())) or []

    def saved_state(self) -> bytes | None:
        """Its state for the journal; None where the last one that was journalled must stand."""
        if not self.is_up:
            return None
        state = self.call(lambda: answers.sound_saved_state(self.strategy.saved_state()))
        self.is_up = state is not None
        return state

    # what people see

    def look(self, view: View) -> None:
        """Let it see how things stand, for what it shows."""
        self._looked_at("figures at these prices", lambda: self.strategy.look(view), None)

    def panel(self) -> Panel | None:
        """The rows that it shows; None where it has none, or none that can be shown."""

        def shown() -> Panel | None:
            panel = self.strategy.get_state()
            # Looking through a long panel costs more than comparing it with the last good one.
            if panel is None or panel != self._shown[0]:
                self._shown = (panel, answers.sound_panel(panel))
            return self._shown[1]

        return self._looked_at("panel", shown, None)

    def statistics(self) -> Mapping[str, StatisticValue]:
        """Its own figures; none where they can't be shown."""

        def shown() -> Mapping[str, StatisticValue]:
            return answers.sound_statistics(self.strategy.get_statistics())

        return self._looked_at("statistics", shown, {})

    @property
    def panel_complaint(self) -> str:
        """Why the panel can't be shown; empty while it can."""
        return self._complaints.get("panel", "")

    @property
    def complaint(self) -> str:
        """What is wrong with what the strategy shows of itself; empty while nothing is."""
        return "; ".join(self._complaints.values())

    def _looked_at(self, what: str, look: Callable[[], T], otherwise: T) -> T:
        """Looking changes nothing, and what can't be shown stops no bot: trading goes on."""
        before = self.strategy.state
        self._complaints.pop(what, None)
        try:
            return look()
        except (Exception, SystemExit) as error:
            self._complaints[what] = f"its {what} can't be shown: {answers.in_words(error)}"
            return otherwise
        finally:
            self.strategy.state = before

    # failure

    def _whole(self, call: Callable[[], T]) -> T:
        """What a call answers; what one that raises had changed before is taken back."""
        before = self.strategy.state
        try:
            return call()
        except BaseException:
            self.strategy.state = before
            self.strategy.take_events()
            self.strategy.take_cycles()
            raise

    @property
    def is_frozen(self) -> bool:
        """Whether the strategy has raised and rests before its next try."""
        return self.frozen_until is not None

    @property
    def rest_is_over(self) -> bool:
        """Whether a strategy that raised may be tried again."""
        return self.frozen_until is not None and self._clock.now() >= self.frozen_until

    def _freeze(self, error: BaseException) -> None:
        now = self._clock.now()
        self._failures = [at for at in self._failures if now - at < self._restart_window_ns]
        self._failures.append(now)
        self._report(error)
        if len(self._failures) > self._max_restarts:
            self.frozen_until = None
            self._failed(f"raised {len(self._failures)} times: {answers.in_words(error)}")
            return
        rest = BACK_OFF_S[min(len(self._failures), len(BACK_OFF_S)) - 1]
        self.frozen_until = now + rest * NS_PER_SECOND

    def _report(self, error: BaseException) -> None:
        detail = answers.as_text("".join(traceback.format_exception(error)))
        self._publish(Error(message=answers.in_words(error), detail=detail))
