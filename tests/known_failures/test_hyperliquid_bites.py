"""The mistakes themselves, made on purpose on Hyperliquid: the test of each row notices."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from nimbus_tui.engine import synchroniser
from tests.exchanges.hyperliquid import opened
from tests.exchanges.hyperliquid.server.faults import Fault
from tests.known_failures import (
    hyperliquid_mistakes,
    test_bites,
    test_hyperliquid,
    test_hyperliquid_grain,
    test_hyperliquid_limits,
)
from tests.known_failures.planting import Mistake, noticed_by, planted

Patch = pytest.MonkeyPatch
OURS = hyperliquid_mistakes
STORIES, GRAIN, LIMITS = test_hyperliquid, test_hyperliquid_grain, test_hyperliquid_limits
PATIENCE_S = 3.5
"""A noticed mistake is often something that never comes; without the mistake it comes sooner."""
MISTAKES: list[Mistake] = [
    (test_bites.lost_is_failed, STORIES, "test_f01_", {"fault": Fault.NULL}),
    (OURS.what_has_no_answer_has_not_left, STORIES, "test_f01_",
     {"fault": Fault.HANG_AFTER}),
    (OURS.stream_and_history_name_a_fill_apart, STORIES, "test_f08_",
     {"known_by": "answer", "size": "0.03"}),
    (OURS.an_open_socket_is_alive, STORIES, "test_f18_a_socket", {}),
    (OURS.a_stream_that_is_silent_has_nothing_to_tell, STORIES, "test_f18_a_channel", {}),
    (OURS.a_silent_market_stands_still, STORIES, "test_f18_a_market", {}),
    (test_bites.a_reconnect_compares_nothing, STORIES, "test_f19_", {"size": None}),
    (OURS.a_tick_is_a_tick_at_every_price, GRAIN, "test_f20_what_is_rounded", {"name": "small"}),
    (OURS.a_tick_is_a_tick_at_every_price, GRAIN, "test_f20_what_we_let", {"name": "small"}),
    (OURS.every_perpetual_has_the_same_decimals, GRAIN, "test_f20_what_is_rounded",
     {"name": "every shape"}),
    (OURS.a_phase_is_forgotten_at_once, LIMITS, "test_f21_", {}),
    (OURS.each_adapter_has_a_budget_of_its_own, LIMITS, "test_f22_bots_and", {}),
    (OURS.nothing_is_kept_for_exits, LIMITS, "test_f22_when_ordinary", {}),
    (OURS.a_429_is_an_answer_like_any_other, LIMITS, "test_f22_a_429", {}),
]  # fmt: skip


@planted(MISTAKES)
def test_a_planted_mistake_is_noticed(
    mistake: Callable[[Patch], None],
    place: Any,
    name: str,
    more: dict[str, Any],
    monkeypatch: Patch,
) -> None:
    test = noticed_by(place, name)
    monkeypatch.setattr(opened, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(synchroniser, "COMPARE_EVERY_S", 15.0 if "channel" in name else 600.0)
    mistake(monkeypatch)
    with Patch.context() as within, pytest.raises((AssertionError, TimeoutError, ExceptionGroup)):
        if "monkeypatch" in inspect.signature(test).parameters:
            more = more | {"monkeypatch": within}
        outcome = test(**more)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
