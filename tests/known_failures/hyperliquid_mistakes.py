"""Mistakes about Hyperliquid, made on purpose."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import TradeId
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.hyperliquid import order_desk, user_events
from nimbus_tui.exchanges.hyperliquid.order_desk import OrderDesk
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.hyperliquid.stream import StreamSession
from nimbus_tui.exchanges.hyperliquid.trading import Trading
from nimbus_tui.exchanges.net.budget import Budget, Budgets

Patch = pytest.MonkeyPatch


def what_has_no_answer_has_not_left(patch: Patch) -> None:
    class Never(Exception):
        """Nothing is one of these."""

    patch.setattr(order_desk, "NoAnswer", Never)


def stream_and_history_name_a_fill_apart(patch: Patch) -> None:
    honest = user_events.fill

    def fill(*told: Any) -> Fill:
        one = honest(*told)
        return msgspec.structs.replace(one, trade_id=TradeId(f"{one.trade_id}/stream"))

    patch.setattr(user_events, "fill", fill)


def an_open_socket_is_alive(patch: Patch) -> None:
    patch.setattr(StreamSession, "passed", lambda *_: ())


def a_stream_that_is_silent_has_nothing_to_tell(patch: Patch) -> None:
    patch.setattr(Trading, "_check_stream", lambda *_: None)


def a_silent_market_stands_still(patch: Patch) -> None:
    patch.setattr(StreamSession, "_probed", lambda *_: ())


def a_tick_is_a_tick_at_every_price(patch: Patch) -> None:
    patch.setattr(Instrument, "tick_at", lambda self, _: self.tick_size)


def every_perpetual_has_the_same_decimals(patch: Patch) -> None:
    patch.setattr(Instrument, "on_lot", lambda *_: True)
    patch.setattr(
        Instrument, "round_quantity", lambda _, wanted: wanted.quantize(Decimal("0.0001"))
    )


def a_phase_is_forgotten_at_once(patch: Patch) -> None:
    patch.setattr(OrderDesk, "is_post_only", property(lambda _: False))


def each_adapter_has_a_budget_of_its_own(patch: Patch) -> None:
    patch.setattr(
        Budgets, "of", lambda self, _, per_minute: Budget(self._clock, per_minute=per_minute)
    )


def nothing_is_kept_for_exits(patch: Patch) -> None:
    honest = Budget.__init__

    def init(self: Budget, clock: Any, **given: Any) -> None:
        honest(self, clock, **given | {"reserve": 0.0})

    patch.setattr(Budget, "__init__", init)


def a_429_is_an_answer_like_any_other(patch: Patch) -> None:
    patch.setattr(Rest, "heed", lambda *_: None)
