"""When a connection is dead: pings, silent channels, and clocks that jump."""

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.exchanges.hyperliquid.stream import (
    ACK_WITHIN_NS,
    PING_EVERY_NS,
    PONG_WITHIN_NS,
    PROBE_AFTER_NS,
    PROBE_WITHIN_NS,
)
from nimbus_tui.exchanges.hyperliquid.wire_requests import Subscription
from nimbus_tui.exchanges.net.websocket import LinkDead
from tests.exchanges.hyperliquid.samples import FRAMES
from tests.exchanges.hyperliquid.streams import (
    ACCOUNT,
    BTC_PRICES,
    Stream,
    ack,
    bbo,
    context,
    subscribe,
)

BBO, CONTEXT = BTC_PRICES[0], BTC_PRICES[2]
ETH = Subscription("bbo", coin="ETH")
PING = {"method": "ping"}
PROBE = [subscribe(BBO, "unsubscribe"), subscribe(BBO)]
SECONDS = {
    "ping": PING_EVERY_NS // NS_PER_SECOND,
    "pong": PONG_WITHIN_NS // NS_PER_SECOND,
    "ack": ACK_WITHIN_NS // NS_PER_SECOND,
    "silence": PROBE_AFTER_NS // NS_PER_SECOND,
    "probe": PROBE_WITHIN_NS // NS_PER_SECOND,
}
HOUR = 3_600 * NS_PER_SECOND


def test_it_pings_and_measures_the_way() -> None:
    stream = Stream()
    stream.open()
    assert stream.wait(SECONDS["ping"]) == [PING]
    stream.now += 40_000_000
    stream.say("pong")
    assert stream.session.ping_ms == 40
    assert stream.wait(SECONDS["ping"] - 1) == []
    assert stream.wait(1) == [PING]


def test_without_a_pong_it_is_dead() -> None:
    stream = Stream()
    stream.open()
    stream.wait(SECONDS["ping"] + SECONDS["pong"])
    with pytest.raises(LinkDead, match="no answer to a ping"):
        stream.wait(1)


def test_a_pong_that_nobody_asked_for_is_harmless() -> None:
    stream = Stream()
    stream.open()
    stream.say("pong")
    assert stream.session.ping_ms is None


def test_a_channel_that_is_not_turned_on_ends_the_connection() -> None:
    stream = Stream(BBO, ETH)
    stream.open(acknowledged=False)
    stream.hear(ack({"type": "bbo", "coin": "BTC"}))
    stream.wait(SECONDS["ack"])
    with pytest.raises(LinkDead, match="does not turn bbo ETH on"):
        stream.wait(1)


def test_a_silent_coin_is_asked_for_anew_and_lives_if_it_answers() -> None:
    stream = Stream(BBO)
    stream.open()
    assert stream.wait(SECONDS["silence"]) == []
    assert stream.wait(1) == PROBE
    stream.hear(ack({"type": "bbo", "coin": "BTC"}, "unsubscribe"))
    stream.hear(ack({"type": "bbo", "coin": "BTC"}))
    assert stream.session.is_ready
    stream.say(*bbo())
    assert stream.live(SECONDS["silence"]) == [PING]
    assert stream.live(1) == PROBE


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_a_coin_that_stays_silent_ends_the_connection(is_acknowledged: bool) -> None:
    stream = Stream(BBO)
    stream.open()
    stream.live(SECONDS["silence"] + 1)
    if is_acknowledged:
        stream.hear(ack({"type": "bbo", "coin": "BTC"}))
    stream.live(SECONDS["probe"])
    with pytest.raises(LinkDead, match="no price of BTC for 24 s"):
        stream.live(1)


def test_other_channels_do_not_hide_that_best_prices_are_silent() -> None:
    stream = Stream(*BTC_PRICES)
    stream.open()
    trades = msgspec.json.decode(FRAMES["trades"])["data"]
    with pytest.raises(LinkDead, match="no price of BTC"):
        stream.live(30, ("trades", trades), context())


def test_a_mark_price_that_is_silent_is_asked_for_anew() -> None:
    stream = Stream(*BTC_PRICES)
    stream.open()
    said = stream.live(SECONDS["silence"] + 1, bbo())
    assert said == [subscribe(CONTEXT, "unsubscribe"), subscribe(CONTEXT)]
    with pytest.raises(LinkDead, match="no mark price of BTC"):
        stream.live(SECONDS["probe"] + 1, bbo())


def test_trades_may_be_silent_for_ever() -> None:
    stream = Stream(*BTC_PRICES)
    stream.open()
    assert stream.live(600, bbo(), context()) == [PING] * 40


def test_a_coin_that_is_wanted_no_more_is_not_waited_for() -> None:
    stream = Stream(BBO)
    stream.open()
    assert stream.live(SECONDS["silence"] + 1) == PROBE
    stream.session.unsubscribe(BBO)
    assert stream.live(60) == [PING] * 4


def test_a_new_connection_knows_nothing_of_the_old_ones_silence() -> None:
    stream = Stream(BBO)
    stream.open()
    stream.live(SECONDS["silence"] + 5)
    stream.session.closed("gone")
    stream.now += HOUR
    stream.open()
    assert stream.live(SECONDS["silence"], bbo()) == []


def test_a_clock_that_is_set_back_stops_neither_pings_nor_probes() -> None:
    stream = Stream(BBO, *ACCOUNT)
    stream.open()
    stream.live(5, bbo())
    stream.now -= HOUR
    assert stream.wait(1) == [PING]
    assert all(one.heard_ns <= stream.now for one in stream.session.heard())
    stream.say("pong")
    with pytest.raises(LinkDead, match="no price of BTC"):
        stream.live(SECONDS["silence"] + SECONDS["probe"] + 3)


def test_a_clock_that_is_set_back_while_a_pong_is_waited_for_hides_no_dead_connection() -> None:
    stream = Stream()
    stream.open()
    stream.wait(SECONDS["ping"])
    stream.now -= HOUR
    with pytest.raises(LinkDead, match="no answer to a ping"):
        stream.wait(SECONDS["pong"] + 2)


def test_a_clock_that_is_set_back_lets_nothing_be_acknowledged_for_ever() -> None:
    stream = Stream(BBO)
    stream.open(acknowledged=False)
    stream.wait(1)
    stream.now -= HOUR
    with pytest.raises(LinkDead, match="does not turn bbo BTC on"):
        stream.live(SECONDS["ack"] + 2)
