"""The window's title tells what today brought and the worst step; only new troubles count."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.snapshots import BotState, Mode
from nimbus_tui.tui.viewmodels.outside import TITLE_WIDTH, troubles, window_title
from tests.tui.scripted_client import ScriptedClient, bot

ENGINE = msgspec.structs.replace(ScriptedClient().engine, risk="normal")
ETH = bot("eth-grid", "ETH/USDC", "2400", pnl_today=Decimal("12.4466"))
SOL = bot("sol-wide", "SOL/USDC", "150", pnl_today=Decimal("-2.5"))


def engine(**changes: object) -> object:
    return msgspec.structs.replace(ENGINE, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "nimbus home paper +9.95 USDC today"),
        ({"risk": "throttle"}, "▲ throttle · nimbus home paper +9.95 USDC today"),
        ({"emergency": "cancelling"}, "EMERGENCY · nimbus home paper +9.95 USDC today"),
        ({"mode": Mode.LIVE}, "nimbus home LIVE 0.00 USDC today"),
    ],
)
def test_the_title(changes: dict[str, object], expected: str) -> None:
    shown = engine(**changes)
    assert window_title(shown, [ETH, SOL], "home") == expected  # type: ignore[arg-type]


def test_a_title_holds_nothing_that_a_terminal_obeys_and_has_an_end() -> None:
    title = window_title(ENGINE, [], "\x07\x1b]2;x" * 40)
    assert title.isprintable()
    assert len(title) == TITLE_WIDTH


def test_a_title_without_an_engine_is_the_name() -> None:
    assert window_title(None, [], "home") == "nimbus home"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"state": BotState.PAUSED}, []),
        ({"risk": "throttle"}, []),
        ({"risk": "pause", "reason": "daily loss"}, ["eth-grid's risk is at pause: daily loss"]),
        ({"risk": "stop"}, ["eth-grid's risk is at stop"]),
        ({"state": BotState.FAILED, "risk": "pause"}, ["eth-grid has failed"]),
    ],
)
def test_a_bot_rings_from_a_pause_by_risk_on(
    changes: dict[str, object], expected: list[str]
) -> None:
    one = bot("eth-grid", "ETH/USDC", "2400", **changes)
    assert list(troubles(ENGINE, [one]).values()) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"risk": "throttle"}, []),
        ({"risk": "pause"}, ["the engine's risk is at pause"]),
        ({"emergency": "typed", "risk": "emergency"}, ["EMERGENCY: typed"]),
        ({"state": "failed"}, ["the engine has failed: nothing is traded"]),
    ],
)
def test_the_engine_rings_too(changes: dict[str, object], expected: list[str]) -> None:
    assert list(troubles(engine(**changes), []).values()) == expected  # type: ignore[arg-type]


def test_a_worse_step_is_another_trouble() -> None:
    paused, stopped = (bot("eth-grid", "ETH/USDC", "2400", risk=step) for step in ("pause", "stop"))
    assert troubles(ENGINE, [paused]).keys().isdisjoint(troubles(ENGINE, [stopped]))
