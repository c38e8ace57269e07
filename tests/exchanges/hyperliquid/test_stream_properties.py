"""Whatever the venue says and whenever, a session never raises and is never ready wrongly."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.exchanges.hyperliquid.wire_requests import Subscription
from nimbus_tui.exchanges.net.websocket import LinkDead
from tests.exchanges.hyperliquid.samples import FRAMES
from tests.exchanges.hyperliquid.streams import ACCOUNT, BTC_PRICES, Response, Stream, ack

CHANNELS = [*BTC_PRICES, *ACCOUNT, Subscription("bbo", coin="ETH")]
VALID = st.sampled_from(sorted(FRAMES.values()))
Step = tuple[str, Any]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame with some bytes changed, or cut, or doubled."""
    frame = bytearray(draw(VALID))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(frame)))
        match draw(st.integers(0, 3)):
            case 0:
                frame[at : at + 1] = draw(st.binary(max_size=2))
            case 1:
                del frame[at:]
            case 2:
                del frame[at : at + draw(st.integers(1, 30))]
            case _:
                frame[at:at] = frame[at : at + draw(st.integers(1, 30))]
    return bytes(frame)


@st.composite
def acknowledgements(draw: st.DrawFn) -> bytes:
    subscription = msgspec.to_builtins(draw(st.sampled_from(CHANNELS)))
    return ack(subscription, draw(st.sampled_from(("subscribe", "subscribe", "unsubscribe"))))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.one_of(VALID, mutated(), acknowledgements(), st.binary())),
        st.tuples(st.sampled_from(("want", "leave")), st.sampled_from(CHANNELS)),
        st.tuples(st.just("wait"), st.sampled_from((0.5, 4.0, 9.0, -3600.0, 3600.0))),
        st.tuples(st.sampled_from(("open", "close", "post")), st.none()),
    ),
    max_size=60,
)


class Model:
    """What must be on before a session may be ready, by its messages alone."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.wanted: set[Subscription] = set()
        self.acknowledged: set[Subscription] = set()
        self.is_open = False
        self.posted = 0
        self.answers: list[Response | None] = []

    def take(self, step: Step) -> None:
        what, value = step
        getattr(self, what)(value)
        is_on = self.is_open and self.wanted <= self.acknowledged
        assert self.stream.session.is_ready == is_on

    def frame(self, frame: bytes) -> None:
        if not self.is_open:
            return
        self.stream.hear(frame)
        for one in self.wanted:
            if is_ack_of(one, frame):
                self.acknowledged.add(one)

    def want(self, subscription: Subscription) -> None:
        said = self.stream.session.subscribe(subscription, self.stream.now)
        if subscription not in self.wanted:
            self.acknowledged.discard(subscription)
        assert len(said) == (self.is_open and subscription not in self.wanted)
        self.wanted.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        said = self.stream.session.unsubscribe(subscription)
        assert len(said) == (self.is_open and subscription in self.wanted)
        self.wanted.discard(subscription)

    def wait(self, seconds: float) -> None:
        self.stream.now += round(seconds * 1e9)
        if not self.is_open:
            return
        try:
            self.stream.session.passed(self.stream.now)
        except LinkDead:
            self.close(None)

    def open(self, _: None) -> None:
        if not self.is_open:
            self.is_open = True
            self.acknowledged.clear()
            self.stream.open(acknowledged=False)

    def close(self, _: None) -> None:
        self.is_open = False
        self.stream.session.closed("gone")
        assert self.stream.session.posts_in_flight == 0

    def post(self, _: None) -> None:
        if self.is_open:
            self.posted += 1
            self.stream.post(self.answers)


def is_ack_of(subscription: Subscription, frame: bytes) -> bool:
    """Whether a frame says that a channel is on, read without the code that is tested."""
    try:
        message = msgspec.json.decode(frame)
    except (ValueError, RecursionError):
        return False
    if not isinstance(message, dict):
        return False
    data = message.get("data")
    if message.get("channel") == "error" and isinstance(data, str):
        head, _, rest = data.partition(":")
        if head.lower() != "already subscribed":
            return False
        try:
            echo = msgspec.json.decode(rest)
        except (ValueError, RecursionError):
            return False
    elif message.get("channel") == "subscriptionResponse" and isinstance(data, dict):
        echo = data.get("subscription")
        if data.get("method") != "subscribe":
            return False
    else:
        return False
    return isinstance(echo, dict) and (
        echo.get("type") == subscription.type
        and (echo.get("coin") or "") == subscription.coin
        and str(echo.get("user") or "").lower() == subscription.user
    )


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_no_sequence_of_frames_raises_or_makes_it_ready_wrongly(steps: list[Step]) -> None:
    model = Model()
    for step in steps:
        model.take(step)
    model.close(None)
    assert len(model.answers) == model.posted


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(mutated(), st.binary()), max_size=10))
def test_what_is_unreadable_is_counted_each_time(frames: list[bytes]) -> None:
    stream = Stream(*CHANNELS)
    stream.open()
    for frame in frames:
        before = stream.session.frames.undecodable
        messages = len(stream.notes.messages)
        stream.hear(frame)
        counted = stream.session.frames.undecodable - before
        assert counted + (len(stream.notes.messages) - messages) <= 1
    gaps = [one for one in stream.notes.told if one.startswith("gap")]
    assert len(gaps) <= stream.session.frames.undecodable
