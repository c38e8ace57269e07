"""Every frame and reply of the venue is read whole, and no bytes do any harm."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.exchanges.hyperliquid import wire
from nimbus_tui.exchanges.hyperliquid.wire import Frames, Undecodable, UnknownChannel, decode
from nimbus_tui.exchanges.hyperliquid.wire_info import INFO_REPLIES, decode_reply
from tests.exchanges.hyperliquid import recorded
from tests.exchanges.hyperliquid.samples import FRAMES, REPLIES

NOT_READ = {"delegatorHistory", "userTwapSliceFills", "userVaultEquities"}
"""Recorded replies of staking, vault shares and TWAPs, which no client of ours asks for."""


def assert_kept(sent: Any, read: Any) -> None:
    """Whatever was read is what was sent, number for number."""
    match read:
        case dict():
            for name in read.keys() & sent.keys():
                assert_kept(sent[name], read[name])
        case list():
            assert len(sent) == len(read)
            for one, other in zip(sent, read, strict=True):
                assert_kept(one, other)
        case Decimal():
            assert read == Decimal(sent)
        case _:
            assert read == sent


def builtins(message: Any) -> Any:
    """A message as plain values; the Raw answer of a post taken apart."""
    if isinstance(message, wire.Post):
        return json.loads(msgspec.json.encode(message))
    return msgspec.to_builtins(message, builtin_types=(Decimal,))


def normal(value: Any) -> Any:
    match value:
        case dict():
            return {name: normal(item) for name, item in value.items()}
        case list() | tuple():
            return [normal(item) for item in value]
        case _:
            return value


@pytest.mark.parametrize("name", FRAMES)
def test_every_kind_of_frame_is_read_as_it_was_sent(name: str) -> None:
    message = decode(FRAMES[name])
    sent = json.loads(FRAMES[name])
    assert message.__struct_config__.tag == sent["channel"]
    assert_kept(sent, normal(builtins(message)))


@pytest.mark.parametrize("name", REPLIES)
def test_every_kind_of_reply_is_read_as_it_was_sent(name: str) -> None:
    kind, reply = REPLIES[name]
    decoded = msgspec.to_builtins(decode_reply(reply, INFO_REPLIES[kind]), builtin_types=(Decimal,))
    assert_kept(json.loads(reply), normal(decoded))


def test_there_is_a_sample_of_every_channel() -> None:
    sampled = {json.loads(frame)["channel"] for frame in FRAMES.values()}
    assert wire.CHANNELS - sampled == {"clearinghouseState"}


@pytest.mark.skipif(not recorded.STREAM.exists(), reason=recorded.ABSENT)
def test_every_recorded_frame_is_read_as_it_was_sent() -> None:
    frames = recorded.frames()
    for frame in frames:
        assert_kept(json.loads(frame), normal(builtins(decode(frame))))
    assert len(frames) == 55


@pytest.mark.skipif(not recorded.INFO.exists(), reason=recorded.ABSENT)
def test_every_recorded_reply_is_read_as_it_was_sent() -> None:
    read = 0
    for kind, reply in recorded.replies():
        if kind not in NOT_READ:
            decoded = decode_reply(reply, INFO_REPLIES[kind])
            builtin = msgspec.to_builtins(decoded, builtin_types=(Decimal,))
            assert_kept(json.loads(reply), normal(builtin))
            read += 1
    assert read == 17


def test_a_price_keeps_every_digit() -> None:
    message = decode(FRAMES["fill"])
    assert isinstance(message, wire.UserFills)
    assert str(message.data.fills[0].fee) == "0.000763"
    assert not message.data.isSnapshot


def test_an_unknown_channel_is_counted_by_its_name() -> None:
    frames = Frames()
    for number in range(60):
        assert isinstance(frames.read(b'{"channel":"new%d","data":[1]}' % number), UnknownChannel)
    frames.read(b'{"channel":"new0"}')
    assert frames.unknown["new0"] == 2
    assert frames.unknown["…"] == 10
    assert len(frames.unknown) == 51
    assert frames.undecodable == 0


def test_an_event_of_an_unknown_kind_is_counted() -> None:
    frames = Frames()
    frames.read(b'{"channel":"user","data":{"twapHistory":[]}}')
    frames.read(FRAMES["user: funding"])
    assert frames.unknown == {"user": 1}


def test_the_greeting_is_no_problem() -> None:
    frames = Frames()
    assert frames.read(b"Websocket connection established.") is None
    assert frames.undecodable == 0


@pytest.mark.parametrize(
    ("frame", "channel"),
    [
        (b"", None),
        (b"null", None),
        (b"<html>502</html>", None),
        (b"[1]", None),
        (b'{"data":1}', None),
        (b'{"channel":7}', None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
        (b'{"channel":"bbo","data":{"coin":"BTC"}}', "bbo"),
        (FRAMES["fill"].replace(b'"31795.0"', b'"NaN"'), "userFills"),
        (FRAMES["fill"].replace(b'"31795.0"', b'"Infinity"'), "userFills"),
        (FRAMES["fill"].replace(b'"31795.0"', b'"1E+999999"'), "userFills"),
        (FRAMES["fill"].replace(b'"31795.0"', b'"0E-999999"'), "userFills"),
        (FRAMES["fill"].replace(b'"31795.0"', b'"12,5"'), "userFills"),
        (FRAMES["fill"].replace(b'"side":"B"', b'"side":"C"'), "userFills"),
        (FRAMES["fill"].replace(b"1785261290000", b"-1"), "userFills"),
        (FRAMES["allMids"].replace(b'"2400.05"', b'"nan"'), "allMids"),
        (FRAMES["activeAssetCtx"].replace(b'["83757.0"', b'["sNaN"'), "activeAssetCtx"),
    ],
)
def test_what_cannot_be_read_is_said_and_counted(frame: bytes, channel: str | None) -> None:
    frames = Frames()
    problem = frames.read(frame)
    assert isinstance(problem, Undecodable)
    assert problem == frames.last_problem
    assert (channel, 1) == (problem.channel, frames.undecodable)
    assert problem.reason
    assert len(problem.excerpt) <= 120


@pytest.mark.parametrize(
    "reply", [b"", b"null", b"<html>bad gateway</html>", b"[]", b'"x"', b"\xff", b"[" * 100_000]
)
def test_a_reply_that_is_something_else_is_an_error_of_the_venue(reply: bytes) -> None:
    with pytest.raises(ExchangeError, match="unreadable reply"):
        decode_reply(reply, INFO_REPLIES["clearinghouseState"])


def test_a_number_that_is_none_spoils_a_bare_reply_too() -> None:
    with pytest.raises(ExchangeError, match="can't be one"):
        decode_reply(b'{"BTC":"NaN"}', INFO_REPLIES["allMids"])


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A message cut off, or with some bytes replaced, removed or put in."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(
            st.binary(max_size=3) | st.sampled_from([b"null", b"NaN", b"1e999", b'"', b"[", b"{}"])
        )
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@settings(max_examples=600, deadline=None)
@given(damaged(list(FRAMES.values())) | st.binary(max_size=40))
def test_no_damaged_frame_raises(frame: bytes) -> None:
    Frames().read(frame)


@settings(max_examples=600, deadline=None)
@given(damaged([reply for _, reply in REPLIES.values()]), st.sampled_from(list(INFO_REPLIES)))
def test_a_damaged_reply_raises_nothing_but_an_exchange_error(reply: bytes, kind: str) -> None:
    with suppress(ExchangeError):
        decode_reply(reply, INFO_REPLIES[kind])
