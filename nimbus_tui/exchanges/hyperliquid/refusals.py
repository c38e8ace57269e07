"""What the venue's error texts mean: refused and why, or not known whether it happened.

Source: the protocol reference, "Action replies and errors". Texts drift and end in ` asset=<id>`,
so they are told by a part of them, in any case. A text that nobody knows is a refusal all the
same, since the venue says so; only texts about nonces leave open whether the action, or an earlier
copy of it, was executed.
"""

from nimbus_tui.core.order import RefusalKind, Refused, Unknown

K = RefusalKind
_NONCE = "invalid nonce"
KINDS: tuple[tuple[str, RefusalKind], ...] = (
    ("post only order would have immediately matched", K.POST_ONLY_WOULD_CROSS),
    ("insufficient margin", K.INSUFFICIENT_BALANCE),
    ("insufficient spot balance", K.INSUFFICIENT_BALANCE),
    ("insufficient balance", K.INSUFFICIENT_BALANCE),
    ("reduce only order would increase position", K.REDUCE_ONLY),
    ("order was never placed, already canceled, or filled", K.NOT_FOUND),
    ("cannot modify canceled or filled order", K.NOT_FOUND),
    ("could not immediately match", K.BUSY),
    ("no liquidity available", K.BUSY),
    ("open interest", K.BUSY),
    ("only post-only orders allowed", K.BUSY),
    ("action already expired", K.BUSY),
    ("too many cumulative requests", K.BUSY),
    ("too many pending post requests", K.BUSY),
    ("too many open orders", K.BUSY),
    ("price must be divisible by tick size", K.INVALID),
    ("order has invalid price", K.INVALID),
    ("order has invalid size", K.INVALID),
    ("order has zero size", K.INVALID),
    ("order must have minimum value", K.INVALID),
    ("invalid tp/sl price", K.INVALID),
    ("too far from oracle", K.INVALID),
    ("away from the reference price", K.INVALID),
    ("exceed margin tier limit", K.INVALID),
    ("order value too large", K.INVALID),
    ("does not exist", K.INVALID),
    ("must deposit before performing actions", K.INVALID),
    ("unable to recover signer", K.INVALID),
    ("over weight limit", K.INVALID),
    ("vault not registered", K.INVALID),
    ("unexpected number of trigger orders", K.INVALID),
    ("builder fee has not been approved", K.INVALID),
    ("invalid leverage value", K.INVALID),
    ("failed to deserialize", K.INVALID),
)
"""A part of the text, in lower case → the kind of refusal; the first that fits counts."""


def meaning(text: str) -> Refused | Unknown:
    """What came of an action that the venue answers with an error."""
    lowered = text.lower()
    if _NONCE in lowered:
        return Unknown(text)
    kind = next((kind for part, kind in KINDS if part in lowered), RefusalKind.INVALID)
    return Refused(kind, text)


def is_known(text: str) -> bool:
    """Whether a text is one of those that we know; others are worth a warning."""
    lowered = text.lower()
    return _NONCE in lowered or any(part in lowered for part, _ in KINDS)
