"""Client order ids, derived: the same intent has the same id after any restart."""

import hashlib

from nimbus_tui.core.ids import BotId, ClientOrderId, OrderKey

_PREFIX = "nb"
_TAG_DIGITS = 4
_BODY_DIGITS = 26


def tag(account: str, engine_name: str) -> str:
    """What all ids of one engine on one account begin with: `nb` and four hex digits."""
    return _PREFIX + _digest(account, engine_name)[:_TAG_DIGITS]


def client_order_id(
    engine_tag: str, bot_id: BotId, incarnation: str, key: OrderKey, generation: int
) -> ClientOrderId:
    """The id of a bot's order under a key: 32 characters, letters and digits only.

    The incarnation is minted at the bot's creation, so a new journal never meets an old id; the
    generation rises only when the earlier order under the key is known to be dead unfilled.
    """
    return ClientOrderId(
        engine_tag + _digest(bot_id, incarnation, key, str(generation))[:_BODY_DIGITS]
    )


def is_ours(engine_tag: str, client_id: str) -> bool:
    """Whether an order carries this engine's tag."""
    return client_id.startswith(engine_tag)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
