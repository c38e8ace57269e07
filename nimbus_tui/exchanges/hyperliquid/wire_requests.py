"""What a client says over Hyperliquid's WebSocket, in the venue's own words.

Source: the protocol reference, "WebSocket". One frame is one JSON object with a `method`.
"""

from typing import Literal

import msgspec


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True):
    """A channel, of a coin or of a user."""

    type: str
    coin: str = ""
    user: str = ""


class Subscribe(msgspec.Struct, frozen=True):
    """Turn a channel on or off."""

    method: Literal["subscribe", "unsubscribe"]
    subscription: Subscription


class Ping(msgspec.Struct, frozen=True, tag_field="method", tag="ping"):
    """Asks for a pong; the venue closes connections to which it has said nothing for a minute."""


class PostRequest(msgspec.Struct, frozen=True):
    """What `POST /exchange` or `POST /info` would get as its body."""

    type: Literal["action", "info"]
    payload: msgspec.Raw


class PostFrame(msgspec.Struct, frozen=True, tag_field="method", tag="post"):
    """A request over the socket; `id` comes back with the answer."""

    id: int
    request: PostRequest


Outgoing = Subscribe | Ping | PostFrame
"""Every frame that we send."""


def encoded(frame: Outgoing) -> str:
    """A frame as it is sent."""
    return msgspec.json.encode(frame).decode()
