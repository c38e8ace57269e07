"""A stream session without a socket, and somebody who notes what it tells."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.exchanges.hyperliquid.stream import StreamSession
from nimbus_tui.exchanges.hyperliquid.wire import Message, Post
from nimbus_tui.exchanges.hyperliquid.wire_requests import Subscription
from tests.exchanges.hyperliquid.samples import ADDRESS

START = 1_790_000_000 * NS_PER_SECOND
USER = ADDRESS.upper().replace("0X", "0x")
BTC_PRICES = [Subscription(name, coin="BTC") for name in ("bbo", "trades", "activeAssetCtx")]
ACCOUNT = [
    Subscription(name, user=ADDRESS) for name in ("orderUpdates", "userFills", "userFundings")
]
Response = Post.Answer.Response


class Notes:
    """Hears all."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.messages: list[Message] = []
        self.on_ready: Callable[[], None] = lambda: None

    def ready(self) -> None:
        self.told.append("ready")
        self.on_ready()

    def lost(self, reason: str) -> None:
        self.told.append(f"lost: {reason}")

    def gap(self, reason: str) -> None:
        self.told.append(f"gap: {reason}")

    def message(self, message: Message) -> None:
        self.messages.append(message)


class Stream:
    """A session at a time that the test moves."""

    def __init__(self, *wanted: Subscription) -> None:
        self.now = START
        self.notes = Notes()
        self.session = StreamSession(self.notes)
        for subscription in wanted:
            assert self.session.subscribe(subscription, self.now) == ()

    def open(self, *, acknowledged: bool = True) -> list[dict[str, Any]]:
        """A connection stands, and the venue turns on what is asked for."""
        said = decoded(self.session.opened(self.now))
        for one in said if acknowledged else ():
            self.hear(ack(one["subscription"]))
        return said

    def hear(self, frame: bytes) -> None:
        assert self.session.received(frame, self.now) == ()

    def say(self, channel: str, data: Any = None) -> None:
        self.hear(framed(channel, data))

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, second by second; what was said meanwhile."""
        said: list[dict[str, Any]] = []
        until = self.now + round(seconds * NS_PER_SECOND)
        while self.now < until:
            self.now = min(until, self.now + NS_PER_SECOND)
            said += decoded(self.session.passed(self.now))
        return said

    def live(self, seconds: int, *channels: tuple[str, Any]) -> list[dict[str, Any]]:
        """Let time pass while the venue answers pings and says these things every second."""
        said: list[dict[str, Any]] = []
        for _ in range(seconds):
            now = self.wait(1)
            said += now
            if {"method": "ping"} in now:
                self.say("pong")
            for channel, data in channels:
                self.say(channel, data)
        return said

    def post(self, answers: list[Response | None], kind: Any = "action") -> int:
        number, text = self.session.post(kind, b'{"nonce":1}', answers.append)
        assert decoded([text]) == [
            {"method": "post", "id": number, "request": {"type": kind, "payload": {"nonce": 1}}}
        ]
        return number


def decoded(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(text) for text in texts]


def framed(channel: str, data: Any = None) -> bytes:
    frame = {"channel": channel}
    return msgspec.json.encode(frame if data is None else {**frame, "data": data})


def ack(subscription: dict[str, Any], method: str = "subscribe") -> bytes:
    return framed("subscriptionResponse", {"method": method, "subscription": subscription})


def bbo(coin: str = "BTC", time: int = 1) -> tuple[str, Any]:
    level = {"px": "100.0", "sz": "1.0", "n": 1}
    return "bbo", {"coin": coin, "time": time, "bbo": [level, {**level, "px": "101.0"}]}


def context(coin: str = "BTC") -> tuple[str, Any]:
    numbers = ("funding", "openInterest", "prevDayPx", "dayNtlVlm", "oraclePx", "markPx")
    return "activeAssetCtx", {"coin": coin, "ctx": dict.fromkeys(numbers, "1.0")}


def subscribe(subscription: Subscription, method: str = "subscribe") -> dict[str, Any]:
    return {"method": method, "subscription": msgspec.to_builtins(subscription)}


def answer(number: int, payload: Any, kind: str = "action") -> bytes:
    return framed("post", {"id": number, "response": {"type": kind, "payload": payload}})
