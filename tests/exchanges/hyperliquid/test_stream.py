"""What is on and what is heard over a connection."""

from typing import Any

import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.exchanges.base import StreamHeard
from nimbus_tui.exchanges.hyperliquid.stream import PING_EVERY_NS
from nimbus_tui.exchanges.hyperliquid.wire_requests import Subscription
from tests.exchanges.hyperliquid.samples import ADDRESS, FRAMES
from tests.exchanges.hyperliquid.streams import (
    ACCOUNT,
    BTC_PRICES,
    START,
    Stream,
    ack,
    bbo,
    subscribe,
)

BBO = BTC_PRICES[0]
ETH = Subscription("bbo", coin="ETH")
PING = {"method": "ping"}
PING_S = PING_EVERY_NS // NS_PER_SECOND


# what is on


def test_all_that_is_wanted_is_asked_for_and_it_is_ready_with_the_last_acknowledgement() -> None:
    stream = Stream(*BTC_PRICES, *ACCOUNT)
    said = stream.open(acknowledged=False)
    assert said == [subscribe(one) for one in (*BTC_PRICES, *ACCOUNT)]
    for one in said:
        assert not stream.session.is_ready
        stream.hear(ack(one["subscription"]))
    assert stream.session.is_ready
    assert stream.notes.told == ["ready"]


def test_a_connection_of_which_nothing_is_wanted_is_ready_at_once() -> None:
    stream = Stream()
    assert stream.open() == []
    assert stream.notes.told == ["ready"]


@pytest.mark.parametrize(
    "echo",
    [
        {"type": "userFills", "user": ADDRESS},
        {"type": "userFills", "user": ADDRESS.upper()},
        {"type": "userFills", "user": ADDRESS, "aggregateByTime": False},
        {"type": "userFills", "user": ADDRESS, "coin": None, "new": [1, {}]},
    ],
)
def test_an_echo_may_be_written_otherwise(echo: dict[str, Any]) -> None:
    stream = Stream(Subscription("userFills", user=ADDRESS))
    stream.open(acknowledged=False)
    stream.hear(ack(echo))
    assert stream.session.is_ready


@pytest.mark.parametrize(
    "echo",
    [
        {},
        {"type": "userFills"},
        {"type": "userFills", "user": "0x01"},
        {"type": "orderUpdates", "user": ADDRESS},
        {"type": "userFills", "user": ADDRESS, "coin": "BTC"},
        {"type": "userFills", "user": [ADDRESS]},
    ],
)
def test_another_echo_turns_nothing_on(echo: dict[str, Any]) -> None:
    stream = Stream(Subscription("userFills", user=ADDRESS))
    stream.open(acknowledged=False)
    stream.hear(ack(echo))
    stream.hear(ack({"type": "userFills", "user": ADDRESS}, "unsubscribe"))
    assert not stream.session.is_ready


def test_already_subscribed_is_as_good_as_an_acknowledgement() -> None:
    stream = Stream(BBO)
    stream.open(acknowledged=False)
    stream.say("error", 'Already subscribed: {"type":"bbo","coin":"BTC"}')
    assert stream.session.is_ready
    assert stream.session.problem == ""


@pytest.mark.parametrize(
    "text",
    [
        "Already subscribed: ",
        "Already subscribed: {}",
        'Already subscribed: {"type":"bbo"',
        "Already subscribed: " + "[" * 100_000,
        'Already subscribed: {"type":"bbo","coin":"ETH"}',
        'Already unsubscribed: {"type":"bbo","coin":"BTC"}',
        'Invalid subscription {"type":"bbo","coin":"BTC"}',
        "Cannot track more than 10 total users.",
    ],
)
def test_no_other_error_turns_anything_on(text: str) -> None:
    stream = Stream(BBO)
    stream.open(acknowledged=False)
    stream.say("error", text)
    assert not stream.session.is_ready
    assert stream.session.problem == ("" if text.startswith("Already") else text)


def test_the_venues_complaint_is_told_with_the_loss_and_forgotten_with_the_next_opening() -> None:
    stream = Stream(BBO)
    stream.open(acknowledged=False)
    stream.say("error", "Cannot track more than 10 total users.")
    stream.session.closed("gone")
    assert stream.notes.told == ["lost: gone (Cannot track more than 10 total users.)"]
    stream.open()
    assert stream.session.problem == ""


def test_what_is_wanted_later_is_asked_for_at_once_and_again_after_a_return() -> None:
    stream = Stream(BBO)
    stream.open()
    said = stream.session.subscribe(ETH, stream.now)
    assert said == ('{"method":"subscribe","subscription":{"type":"bbo","coin":"ETH"}}',)
    assert not stream.session.is_ready
    assert stream.session.subscribe(ETH, stream.now) == ()
    stream.hear(ack({"type": "bbo", "coin": "ETH"}))
    assert stream.notes.told == ["ready", "ready"]
    stream.session.closed("gone")
    assert not stream.session.is_ready
    assert stream.open() == [subscribe(BBO), subscribe(ETH)]


def test_what_is_wanted_no_more_is_turned_off_and_not_asked_for_again() -> None:
    stream = Stream(BBO, ETH)
    assert stream.session.unsubscribe(ETH) == ()
    assert stream.open() == [subscribe(BBO)]
    said = stream.session.unsubscribe(BBO)
    assert said == ('{"method":"unsubscribe","subscription":{"type":"bbo","coin":"BTC"}}',)
    assert stream.session.unsubscribe(BBO) == ()
    stream.session.closed("gone")
    assert stream.open() == []


def test_what_was_wanted_for_a_moment_does_not_keep_the_rest_from_being_ready() -> None:
    stream = Stream(BBO)
    stream.open()
    stream.session.subscribe(ETH, stream.now)
    stream.session.unsubscribe(ETH)
    assert stream.session.is_ready
    stream.hear(ack({"type": "bbo", "coin": "ETH"}))
    assert stream.live(60, bbo()) == [PING] * 4


def test_taking_something_back_while_nothing_stands_makes_nothing_ready() -> None:
    stream = Stream(BBO)
    stream.session.unsubscribe(BBO)
    assert not stream.session.is_ready
    stream.open()
    stream.session.closed("gone")
    stream.session.subscribe(BBO, stream.now)
    stream.session.unsubscribe(BBO)
    assert not stream.session.is_ready
    assert stream.notes.told == ["ready", "lost: gone"]


def test_a_listener_may_want_more_when_it_is_ready() -> None:
    stream = Stream(*BTC_PRICES)

    def more() -> None:
        stream.session.subscribe(ETH, stream.now)

    stream.notes.on_ready = more
    stream.open()
    assert not stream.session.is_ready
    stream.hear(ack({"type": "bbo", "coin": "ETH"}))
    assert stream.session.is_ready


def test_a_connection_may_be_closed_again_and_again() -> None:
    stream = Stream(BBO)
    for reason in ("refused", "refused", "closed"):
        stream.session.closed(reason)
    assert stream.notes.told == ["lost: refused", "lost: refused", "lost: closed"]
    stream.open()
    assert stream.session.is_ready


# what is heard


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_every_frame_that_carries_something_is_handed_on(name: str) -> None:
    stream = Stream(*BTC_PRICES, *ACCOUNT)
    stream.open()
    stream.hear(FRAMES[name])
    silent = {"subscribed", "error", "pong", "post: action", "post: error"}
    assert len(stream.notes.messages) == (0 if name in silent else 1)
    assert stream.notes.told == ["ready"]


def test_what_nobody_knows_is_counted_and_the_greeting_is_not() -> None:
    stream = Stream()
    stream.open()
    stream.hear(b"Websocket connection established.")
    stream.say("newThing", {"x": 1})
    assert stream.session.frames.unknown == {"newThing": 1}
    assert stream.session.frames.undecodable == 0
    assert stream.notes.told == ["ready"]


@pytest.mark.parametrize(
    ("frame", "is_gap"),
    [
        (FRAMES["fill"][:-20], True),
        (b"\xff\xfe", True),
        (b'{"channel":"userFills","data":{"user":"x","fills":[{"coin":"BTC"}]}}', True),
        (b'{"channel":"orderUpdates","data":{}}', True),
        (b'{"channel":"post","data":{"id":"x"}}', True),
        (b'{"channel":"bbo","data":{"coin":"BTC","time":1,"bbo":[]}}', False),
        (b'{"channel":"trades","data":[{"coin":"BTC"}]}', False),
        (b'{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"markPx":"NaN"}}}', False),
    ],
)
def test_what_cant_be_read_is_counted_and_told_where_it_may_be_of_the_account(
    frame: bytes, is_gap: bool
) -> None:
    stream = Stream(*BTC_PRICES, *ACCOUNT)
    stream.open()
    stream.hear(frame)
    assert stream.session.frames.undecodable == 1
    assert [one.partition(" message")[0] for one in stream.notes.told] == ["ready"] + [
        "gap: an unreadable"
    ] * is_gap


def test_it_is_told_when_the_accounts_channels_were_heard() -> None:
    stream = Stream(*ACCOUNT)
    stream.open()
    stream.wait(3)
    stream.hear(FRAMES["fill"])
    names = ("own orders", "own fills", "funding")
    heard = [
        StreamHeard(name, START + (3 if name == "own fills" else 0) * NS_PER_SECOND)
        for name in names
    ]
    assert list(stream.session.heard()) == heard
    stream.live(PING_S)
    at = START + PING_S * NS_PER_SECOND
    assert list(stream.session.heard()) == [StreamHeard(name, at) for name in names]
