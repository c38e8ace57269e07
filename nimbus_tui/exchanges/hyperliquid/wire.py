"""Frames of Hyperliquid's WebSocket, in the venue's own words, and how they are decoded.

Source: the protocol reference, "WebSocket". One frame is one JSON object `{channel, data}`.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.exchanges.hyperliquid.wire_records import (
    AssetCtx,
    Bbo,
    Candle,
    ClearinghouseState,
    FullOrder,
    Funding,
    L2Book,
    OrderUpdate,
    Record,
    Trade,
    UserFill,
)

GREETING = b"Websocket connection established."
"""Older servers begin with this plain text; it means nothing."""
_EXCERPT = 120
_MOST_NAMES = 50
"""How many unknown channels are told apart; the rest is counted together."""


class Frame(Record, frozen=True, tag_field="channel"):
    """One message of the server."""


class SubscriptionResponse(Frame, frozen=True, tag="subscriptionResponse"):
    """A subscription is on or off; the echo is normalised, so match it loosely."""

    class Echo(Record, frozen=True):
        """What was asked for."""

        method: str
        subscription: dict[str, Any]

    data: Echo


class Error(Frame, frozen=True, tag="error"):
    """A request that the server didn't take."""

    data: str


class Pong(Frame, frozen=True, tag="pong"):
    """The answer to our ping; it has no data."""


class AllMids(Frame, frozen=True, tag="allMids"):
    """The middle of every book, or its last price where it is empty."""

    class Mids(Record, frozen=True):
        """By coin."""

        mids: dict[str, Decimal]

    data: Mids


class BboFrame(Frame, frozen=True, tag="bbo"):
    """Best bid and ask of a coin."""

    data: Bbo


class L2BookFrame(Frame, frozen=True, tag="l2Book"):
    """A whole book, never a delta."""

    data: L2Book


class TradesFrame(Frame, frozen=True, tag="trades"):
    """Public trades; after a subscription about 30 old ones."""

    data: tuple[Trade, ...]


class CandleFrame(Frame, frozen=True, tag="candle"):
    """The candle that is still forming."""

    data: Candle


class CoinCtx(Record, frozen=True):
    """The context of one coin."""

    coin: str
    ctx: AssetCtx


class ActiveAssetCtx(Frame, frozen=True, tag="activeAssetCtx"):
    """Mark price and funding of a perpetual."""

    data: CoinCtx


class ActiveSpotAssetCtx(Frame, frozen=True, tag="activeSpotAssetCtx"):
    """Prices of a spot pair."""

    data: CoinCtx


class OrderUpdates(Frame, frozen=True, tag="orderUpdates"):
    """Changes of our orders; no snapshot, no replay, no user."""

    data: tuple[OrderUpdate, ...]


class UserFills(Frame, frozen=True, tag="userFills"):
    """Executions of ours: recent ones as a snapshot, then each new one."""

    class Fills(Record, frozen=True):
        """Of one user."""

        user: str
        fills: tuple[UserFill, ...]
        isSnapshot: bool = False  # noqa: N815

    data: Fills


class UserFundings(Frame, frozen=True, tag="userFundings"):
    """Funding payments: recent ones as a snapshot, then each new one."""

    class Fundings(Record, frozen=True):
        """Of one user."""

        user: str
        fundings: tuple[Funding, ...]
        isSnapshot: bool = False  # noqa: N815

    data: Fundings


class Liquidation(Record, frozen=True):
    """Somebody's positions are taken over; here both users are told."""

    lid: int
    liquidator: str
    liquidated_user: str
    liquidated_ntl_pos: Decimal
    liquidated_account_value: Decimal


class CancelledByVenue(Record, frozen=True):
    """An order that the venue has cancelled by itself."""

    coin: str
    oid: int


class UserEvents(Frame, frozen=True, tag="user"):
    """What `userEvents` tells: one of these, or something newer than this list."""

    class Event(Record, frozen=True):
        """One event."""

        fills: tuple[UserFill, ...] = ()
        funding: Funding | None = None
        liquidation: Liquidation | None = None
        nonUserCancel: tuple[CancelledByVenue, ...] = ()  # noqa: N815

    data: Event


class OpenOrders(Frame, frozen=True, tag="openOrders"):
    """All open orders of a dex."""

    class Orders(Record, frozen=True):
        """Of one user."""

        user: str
        orders: tuple[FullOrder, ...]
        dex: str = ""

    data: Orders


class ClearinghouseStateFrame(Frame, frozen=True, tag="clearinghouseState"):
    """The perpetual side of an account, whole."""

    class State(Record, frozen=True):
        """Of one user."""

        user: str
        clearinghouseState: ClearinghouseState  # noqa: N815
        dex: str = ""

    data: State


class Notification(Frame, frozen=True, tag="notification"):
    """A text for people."""

    class Text(Record, frozen=True):
        """The text."""

        notification: str

    data: Text


class Post(Frame, frozen=True, tag="post"):
    """The answer to a request over the socket, by our id."""

    class Answer(Record, frozen=True):
        """`payload` is what REST would have answered, or the text of an error."""

        class Response(Record, frozen=True):
            """Kind and body."""

            type: str
            payload: msgspec.Raw

        id: int
        response: Response

    data: Answer


Message = (
    SubscriptionResponse
    | Error
    | Pong
    | AllMids
    | BboFrame
    | L2BookFrame
    | TradesFrame
    | CandleFrame
    | ActiveAssetCtx
    | ActiveSpotAssetCtx
    | OrderUpdates
    | UserFills
    | UserFundings
    | UserEvents
    | OpenOrders
    | ClearinghouseStateFrame
    | Notification
    | Post
)
"""Every frame that we know."""


class Greeting(msgspec.Struct, frozen=True):
    """The plain text that some servers begin with."""


class UnknownChannel(msgspec.Struct, frozen=True):
    """A sound frame of a channel that we don't know: the venue has grown."""

    channel: str


class Undecodable(msgspec.Struct, frozen=True):
    """A frame that can't be read; of a channel that we know, something of it is lost."""

    reason: str
    excerpt: str
    channel: str | None = None


class _Envelope(msgspec.Struct, frozen=True):
    channel: str


_MESSAGES = msgspec.json.Decoder(Message)
_ENVELOPES = msgspec.json.Decoder(_Envelope)
CHANNELS = frozenset(str(kind.__struct_config__.tag) for kind in Message.__args__)
"""The channels that we know."""


def decode(frame: bytes) -> Message | Greeting | UnknownChannel | Undecodable:
    """What a frame says; never raises, whatever the bytes."""
    try:
        message: Message = _MESSAGES.decode(frame)
    except (ValueError, RecursionError) as error:
        return _unread(frame, str(error))
    return message


def _unread(frame: bytes, reason: str) -> Greeting | UnknownChannel | Undecodable:
    if frame.strip() == GREETING:
        return Greeting()
    excerpt = frame[:_EXCERPT].decode("utf-8", "replace")
    try:
        channel = _ENVELOPES.decode(frame).channel
    except (ValueError, RecursionError):
        return Undecodable(reason, excerpt)
    if channel in CHANNELS:
        return Undecodable(reason, excerpt, channel)
    return UnknownChannel(channel)


class Frames:
    """Decodes frames and counts what it couldn't use, so that nothing is lost in silence."""

    def __init__(self) -> None:
        self.unknown: Counter[str] = Counter()
        """Frames of unknown channels, and events of unknown kinds as `user`.

        `…` is all beyond the first fifty names.
        """
        self.undecodable = 0
        self.last_problem: Undecodable | None = None

    def read(self, frame: bytes) -> Message | UnknownChannel | Undecodable | None:
        """What a frame says; None for the greeting."""
        message = decode(frame)
        match message:
            case Greeting():
                return None
            case UnknownChannel(channel):
                self._count(channel)
            case UserEvents(data) if data == UserEvents.Event():
                self._count("user")
            case Undecodable():
                self.undecodable += 1
                self.last_problem = message
            case _:
                pass
        return message

    def _count(self, channel: str) -> None:
        full = len(self.unknown) >= _MOST_NAMES and channel not in self.unknown
        self.unknown["…" if full else channel] += 1
