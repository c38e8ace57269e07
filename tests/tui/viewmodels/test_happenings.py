from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core import events as ev
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.happenings import describe, happenings
from nimbus_tui.tui.viewmodels.lines import Line
from tests.tui.scripted_client import ScriptedClient

D = Decimal


def texts(lines: list[Line]) -> list[str]:
    return ["".join(cell.text for cell in line) for line in lines]


def placed(events: list[Event]) -> Event:
    return next(event for event in events if isinstance(event, ev.OrderPlaced))


@pytest.fixture
def events() -> list[Event]:
    return ScriptedClient().events_told


def test_the_newest_stands_first(events: list[Event]) -> None:
    assert "rejected grid/-1/c9: [/red] insufficient [balance]" in texts(happenings(events, 9))[0]


def test_orders_placed_one_after_another_share_a_line(events: list[Event]) -> None:
    (line,) = [text for text in texts(happenings(events, 20)) if "placed" in text]
    assert "● 6 orders placed 2389.2 … 2410.8" in line


def test_orders_of_two_bots_do_not_share_a_line(events: list[Event]) -> None:
    one = placed(events)
    other = msgspec.structs.replace(one, bot_id=BotId("other"), seq=99)
    assert len(happenings([one, other], 9)) == 2


def test_one_bots_events_can_be_asked_for(events: list[Event]) -> None:
    lines = texts(happenings(events, 20, BotId("btc-perp")))
    assert len(lines) == 2
    assert not any("btc-perp" in line for line in lines)


def test_noise_is_left_out_and_the_limit_holds(events: list[Event]) -> None:
    noise = ev.PositionUpdate(seq=99, symbol="ETH/USDC", quantity=D(1), average_cost=None)
    assert texts(happenings([*events, noise], 3)) == texts(happenings(events, 3))
    assert len(happenings(events, 3)) == 3


@pytest.mark.parametrize(
    ("event", "words", "tone"),
    [
        (ev.Error(message="boom"), "✗ boom", "loss"),
        (ev.Warning(message="hm"), "▲ hm", "warning"),
        (ev.Disconnected(exchange="sim", reason="eof"), "✗ sim disconnected: eof", "loss"),
        (ev.Paused(), "‖ paused", "warning"),
        (
            ev.StopLossTriggered(symbol="X/Y", price=D("9.50"), measured=D(11), limit=D(10)),
            "▲ STOP LOSS at 9.50: position closed",
            "loss",
        ),
        (
            ev.RiskEscalated(
                scope="bot", step="pause", rule="drawdown", measured=None, limit=None, action="p"
            ),
            "▲ pause by drawdown: p",
            "loss",
        ),
        (
            ev.RiskCleared(scope="b", step="normal", rule="r", measured=None, limit=None),
            "▼ back to normal (r)",
            "gain",
        ),
        (
            ev.GridRebalanced(symbol="X", old_base=D(1), new_base=D(2)),
            "→ grid moved 1 → 2",
            "price",
        ),
        (ev.ConfigChanged(keys=("levels",)), "→ config changed: levels", "price"),
        (ev.CircuitBreakerActivated(losses=3, cooldown_seconds=9), "▲ circuit breaker", "loss"),
        (ev.Started(), "● started", "gain"),
        (ev.BalanceUpdate(asset="A", total=D(1), locked=D(0)), "· balanceUpdate", "muted"),
    ],
)  # fmt: skip
def test_events_are_told_in_words_with_a_sign(event: Event, words: str, tone: str) -> None:
    told = describe(event)
    assert words in told.text
    assert told.tone == tone


def test_every_event_of_the_vocabulary_can_be_told(events: list[Event]) -> None:
    for event in events:
        assert describe(event).text


def test_text_from_outside_is_made_harmless() -> None:
    (line,) = texts(happenings([ev.Error(seq=1, message="\x1b[2Jgone")], 5))
    assert "\x1b" not in line
