"""What is said over Hyperliquid's WebSocket, without a socket: subscriptions, heart-beats, posts.

Source: the protocol reference, "WebSocket" and "Reconnect, ambiguity, reconciliation". The venue
numbers nothing and repeats no user events, so a lost or unreadable message is told to the listener,
who compares by REST. A socket that is open and silent is found by its pongs; a single channel that
is silent is asked again, which makes the venue repeat what stands.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.exchanges.base import StreamHeard
from nimbus_tui.exchanges.hyperliquid.wire import (
    ActiveAssetCtx,
    BboFrame,
    Error,
    Frames,
    Message,
    OrderUpdates,
    Pong,
    Post,
    SubscriptionResponse,
    Undecodable,
    UnknownChannel,
    UserFills,
    UserFundings,
)
from nimbus_tui.exchanges.hyperliquid.wire_requests import (
    Ping,
    PostFrame,
    PostRequest,
    Subscribe,
    Subscription,
    encoded,
)
from nimbus_tui.exchanges.net.websocket import LinkDead

PING_EVERY_NS = 15 * NS_PER_SECOND
PONG_WITHIN_NS = 10 * NS_PER_SECOND
ACK_WITHIN_NS = 10 * NS_PER_SECOND
PROBE_AFTER_NS = 12 * NS_PER_SECOND
"""A watched channel that is silent for so long is asked for anew."""
PROBE_WITHIN_NS = 10 * NS_PER_SECOND
USER_CHANNELS = {"orderUpdates": "own orders", "userFills": "own fills", "userFundings": "funding"}
PRICE_CHANNELS = ("bbo", "trades", "activeAssetCtx")
WATCHED = {"bbo": "price", "activeAssetCtx": "mark price"}
"""Channels that begin with what stands now, also where nothing happens."""

PostAnswer = Callable[[Post.Answer.Response | None], None]
"""Takes the answer to a post; None: the connection was lost before it came."""


class Listener(Protocol):
    """Who hears what the venue says; all of it must return at once."""

    def ready(self) -> None:
        """Everything that was asked for is on."""
        ...

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        ...

    def gap(self, reason: str) -> None:
        """Something was said that couldn't be read."""
        ...

    def message(self, message: Message) -> None:
        """A message of a channel that was asked for."""
        ...


class _Asked(msgspec.Struct):
    """A subscription on the present connection."""

    at_ns: int
    heard_ns: int
    is_on: bool = False
    probed_ns: int | None = None
    """Since when an answer to a probe is waited for."""

    def heard(self, now: int) -> None:
        """Something of it has come."""
        self.heard_ns, self.probed_ns = now, None

    def set_back(self, now: int) -> None:
        """No time of it lies ahead of the clock any more."""
        self.at_ns, self.heard_ns = min(self.at_ns, now), min(self.heard_ns, now)
        if self.probed_ns is not None:
            self.probed_ns = min(self.probed_ns, now)


class StreamSession:
    """The state of one connection at a time; subscriptions outlive it."""

    def __init__(self, listener: Listener) -> None:
        self.frames = Frames()
        self.problem = ""
        """What the venue has complained of last."""
        self.ping_ms: float | None = None
        self._listener = listener
        self._wanted: dict[Subscription, None] = {}
        self._asked: dict[Subscription, _Asked] = {}
        self._posts: dict[int, PostAnswer] = {}
        self._last_post = 0
        self._users: dict[str, int] = {}
        """By channel of ours, when it was heard last."""
        self._pinged_ns: int | None = None
        self._next_ping_ns = 0
        self._passed_ns = 0
        self._is_open = False
        self.is_ready = False
        """Whether everything that was asked for is on."""

    # what is wanted

    def subscribe(self, subscription: Subscription, now: int) -> Sequence[str]:
        """Want a channel from now on; what to send if a connection stands."""
        if subscription in self._wanted:
            return ()
        self._wanted[subscription] = None
        return (self._ask(subscription, now),) if self._is_open else ()

    def unsubscribe(self, subscription: Subscription) -> Sequence[str]:
        """Want a channel no more."""
        if subscription not in self._wanted:
            return ()
        del self._wanted[subscription]
        if self._asked.pop(subscription, None) is None:
            return ()
        self._look_whether_ready()
        return (encoded(Subscribe("unsubscribe", subscription)),)

    def post(
        self, kind: Literal["action", "info"], payload: bytes, answered: PostAnswer
    ) -> tuple[int, str]:
        """A request over the socket: its number, and what to send."""
        self._last_post += 1
        self._posts[self._last_post] = answered
        request = PostRequest(kind, msgspec.Raw(payload))
        return self._last_post, encoded(PostFrame(self._last_post, request))

    def forget(self, number: int) -> None:
        """Wait no longer for the answer to a post."""
        self._posts.pop(number, None)

    @property
    def posts_in_flight(self) -> int:
        """How many posts have no answer yet."""
        return len(self._posts)

    def heard(self) -> tuple[StreamHeard, ...]:
        """When the account's own channels were heard last."""
        return tuple(StreamHeard(USER_CHANNELS[name], at) for name, at in self._users.items())

    # what happens

    def opened(self, now: int) -> Sequence[str]:
        """A connection stands: ask for everything that is wanted."""
        self._is_open, self.problem = True, ""
        self._pinged_ns, self._next_ping_ns = None, now + PING_EVERY_NS
        self._users = {one.type: now for one in self._wanted if one.type in USER_CHANNELS}
        asked = [self._ask(subscription, now) for subscription in self._wanted]
        self._look_whether_ready()
        return asked

    def closed(self, reason: str) -> None:
        """The connection is gone; what was under way over it is lost."""
        was_open, self._is_open, self.is_ready = self._is_open, False, False
        self._asked.clear()
        posts, self._posts = list(self._posts.values()), {}
        for answered in posts:
            answered(None)
        problem = f" ({self.problem})" if self.problem and was_open else ""
        self._listener.lost(f"{reason}{problem}")

    def received(self, frame: bytes, now: int) -> Sequence[str]:
        """Take a frame in."""
        message = self.frames.read(frame)
        match message:
            case None | UnknownChannel():
                return ()
            case Undecodable(reason, _, channel):
                # Of prices the next one says all again. What bears no name may be a fill.
                if channel not in PRICE_CHANNELS:
                    named = "" if channel is None else f" on {channel}"
                    self._listener.gap(f"an unreadable message{named}: {reason}")
            case Pong():
                self._pong(now)
            case SubscriptionResponse(data):
                self._acknowledged(data.method, data.subscription, now)
            case Error(text):
                self._refused(text, now)
            case Post(answer):
                answered = self._posts.pop(answer.id, None)
                if answered is not None:
                    answered(answer.response)
            case _:
                self._note(message, now)
                self._listener.message(message)
        return ()

    def passed(self, now: int) -> Sequence[str]:
        """Keep the connection alive, and find out whether it is.

        Raises:
            LinkDead: no pong, no acknowledgement, or no price although it was asked for anew.
        """
        if now < self._passed_ns:
            self._set_back(now)
        self._passed_ns = now
        self._check_pong(now)
        self._check_asked(now)
        say = list(self._probed(now))
        if self._pinged_ns is None and now >= self._next_ping_ns:
            self._pinged_ns = now
            say.append(encoded(Ping()))
        return say

    # how

    def _ask(self, subscription: Subscription, now: int) -> str:
        self._asked[subscription] = _Asked(now, now)
        self.is_ready = False
        if subscription.type in USER_CHANNELS:
            self._users.setdefault(subscription.type, now)
        return encoded(Subscribe("subscribe", subscription))

    def _acknowledged(self, method: str, echo: dict[str, object], now: int) -> None:
        if method != "subscribe":
            return
        for subscription, asked in self._asked.items():
            if _is_of(subscription, echo):
                if not asked.is_on:  # that a probe was taken proves nothing yet
                    asked.heard(now)
                asked.is_on = True
                if subscription.type in USER_CHANNELS:
                    self._users[subscription.type] = now
        self._look_whether_ready()

    def _refused(self, text: str, now: int) -> None:
        """`Already subscribed` is as good as an acknowledgement; anything else is kept in words."""
        head, _, rest = text.partition(":")
        if head.lower() == "already subscribed":
            try:
                echo = msgspec.json.decode(rest, type=dict[str, object])
            except (ValueError, RecursionError):
                echo = {}
            self._acknowledged("subscribe", echo, now)
            return
        if head.lower() != "already unsubscribed":
            self.problem = text

    def _look_whether_ready(self) -> None:
        if (
            self._is_open
            and not self.is_ready
            and all(asked.is_on for asked in self._asked.values())
        ):
            self.is_ready = True
            self._listener.ready()

    def _note(self, message: Message, now: int) -> None:
        """Remember that a channel lives."""
        match message:
            case BboFrame(data):
                self._heard("bbo", data.coin, now)
            case ActiveAssetCtx(data):
                self._heard("activeAssetCtx", data.coin, now)
            case OrderUpdates() | UserFills() | UserFundings():
                self._users[str(message.__struct_config__.tag)] = now
            case _:
                pass

    def _heard(self, channel: str, coin: str, now: int) -> None:
        asked = self._asked.get(Subscription(channel, coin=coin))
        if asked is not None:
            asked.heard(now)

    def _set_back(self, now: int) -> None:
        """The clock was set back: what lies ahead of it now would not be looked at until then."""
        self._next_ping_ns = now
        if self._pinged_ns is not None:
            self._pinged_ns = now
        for asked in self._asked.values():
            asked.set_back(now)
        for channel, at in self._users.items():
            self._users[channel] = min(at, now)

    def _pong(self, now: int) -> None:
        """All that was said before the ping has arrived: the account's channels live too."""
        if self._pinged_ns is not None:
            self.ping_ms = (now - self._pinged_ns) / NS_PER_MS
        self._pinged_ns, self._next_ping_ns = None, now + PING_EVERY_NS
        for channel in self._users:
            self._users[channel] = now

    def _check_pong(self, now: int) -> None:
        if self._pinged_ns is not None and now - self._pinged_ns > PONG_WITHIN_NS:
            seconds = PONG_WITHIN_NS // NS_PER_SECOND
            raise LinkDead(f"the connection is dead: no answer to a ping for {seconds} s")

    def _check_asked(self, now: int) -> None:
        for subscription, asked in self._asked.items():
            if not asked.is_on and now - asked.at_ns > ACK_WITHIN_NS:
                what = f"{subscription.type} {subscription.coin}".strip()
                raise LinkDead(f"the venue does not turn {what} on")

    def _probed(self, now: int) -> Sequence[str]:
        """Ask anew for the channels that are silent."""
        say: list[str] = []
        for subscription, asked in self._asked.items():
            if subscription.type not in WATCHED or not asked.is_on:
                continue
            since = asked.probed_ns
            if since is not None and now - since > PROBE_WITHIN_NS:
                seconds = (now - asked.heard_ns) // NS_PER_SECOND
                what = f"{WATCHED[subscription.type]} of {subscription.coin}"
                raise LinkDead(f"no {what} for {seconds} s, though the venue answers")
            if since is None and now - asked.heard_ns > PROBE_AFTER_NS:
                asked.probed_ns = now
                say.append(encoded(Subscribe("unsubscribe", subscription)))
                say.append(encoded(Subscribe("subscribe", subscription)))
        return say


def _is_of(subscription: Subscription, echo: dict[str, object]) -> bool:
    """Whether an echo means this subscription; the venue adds fields and lowers addresses."""
    return (
        echo.get("type") == subscription.type
        and (echo.get("coin") or "") == subscription.coin
        and str(echo.get("user") or "").lower() == subscription.user.lower()
    )
