"""Mistakes about limits, made on purpose."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.plan import ReviewedPlan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine import bot as bots
from nimbus_tui.engine import risk_observer
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bot_risk import BotRisk
from nimbus_tui.engine.risk_desk import RiskDesk
from nimbus_tui.engine.risk_inputs import RiskInputs
from nimbus_tui.engine.streams import Streams
from nimbus_tui.risk import gate, reading, strategy

Patch = pytest.MonkeyPatch


def marks_of_all_places_are_alike(patch: Patch) -> None:
    honest = risk_observer.observed
    patch.setattr(
        risk_observer,
        "observed",
        lambda track, equity, now, *, origin, **more: honest(
            track, equity, now, origin=track.origin, **more
        ),
    )
    patch.setattr(strategy, "_comparable", lambda *_: True)


def the_peak_is_that_of_the_last_look(patch: Patch) -> None:
    honest = risk_observer.observed

    def observed(track: Any, equity: Any, now: int, **more: Any) -> Any:
        return msgspec.structs.replace(honest(track, equity, now, **more), peak=equity)

    patch.setattr(risk_observer, "observed", observed)


def an_open_socket_is_alive(patch: Patch) -> None:
    patch.setattr(Streams, "of", lambda *_: ())


def each_bot_counts_its_own_requests(patch: Patch) -> None:
    patch.setattr(RiskInputs, "_budgets", lambda *_: ())


def no_share_is_kept_for_exits(patch: Patch) -> None:
    honest = RiskDesk.above

    def above(self: RiskDesk, bot: Bot) -> Any:
        told = honest(self, bot)
        return msgspec.structs.replace(told, step=RiskStep.PAUSE) if told.refusal else told

    def reduces(plan: Any, situation: Any) -> ReviewedPlan:
        return ReviewedPlan() if situation.refusal else gate.review(plan, situation)

    patch.setattr(RiskDesk, "above", above)
    patch.setattr(bots, "review", reduces)


def a_bots_loss_is_everybodys(patch: Patch) -> None:
    honest = BotRisk._took_step

    def took(self: BotRisk, change: Any) -> None:
        honest(self, change)
        if change.after is RiskStep.STOP:
            self.trip(change.reading)

    patch.setattr(BotRisk, "_took_step", took)


def what_has_no_mark_is_worth_nothing(patch: Patch) -> None:
    honest = RiskInputs._mark

    def mark(self: RiskInputs, market: Any) -> Any:
        found = honest(self, market)
        return msgspec.structs.replace(found, value=found.value or Decimal(0))

    patch.setattr(RiskInputs, "_mark", mark)


def a_limit_says_not_of_what(patch: Patch) -> None:
    honest = reading._reading
    patch.setattr(
        reading,
        "_reading",
        lambda *given: msgspec.structs.replace(honest(*given), source=""),
    )
