"""What an operator can ask of an engine, and what comes of it."""

from enum import Enum

import msgspec

from nimbus_tui.core.ids import BotId, ClientOrderId


class PauseBot(msgspec.Struct, frozen=True, tag="pause"):
    """Cancel what adds exposure and place none until resumed; reducing orders stay."""

    bot_id: BotId


class ResumeBot(msgspec.Struct, frozen=True, tag="resume"):
    """Lift the operator's pause."""

    bot_id: BotId


class StartBot(msgspec.Struct, frozen=True, tag="start"):
    """Begin a fresh plan after a stop."""

    bot_id: BotId


class StopBot(msgspec.Struct, frozen=True, tag="stop"):
    """Cancel all orders of the bot; the position by its `on_stop`."""

    bot_id: BotId


class FlattenBot(msgspec.Struct, frozen=True, tag="flatten"):
    """Stop, and close the position whatever `on_stop` says."""

    bot_id: BotId


class ResetPeak(msgspec.Struct, frozen=True, tag="reset_peak"):
    """Measure the bot's drawdown from its equity of now on; only the operator does that."""

    bot_id: BotId


class CancelOrder(msgspec.Struct, frozen=True, tag="cancel"):
    """Cancel one live order, and hold its key back until the bot is resumed or started.

    Without that its strategy, which still wishes for it, would have it placed again at once.
    """

    bot_id: BotId
    client_order_id: ClientOrderId


class EmergencyShutdown(msgspec.Struct, frozen=True, tag="emergency"):
    """Cancel every order of every bot, verify, and latch."""

    reason: str = "operator"


class Rearm(msgspec.Struct, frozen=True, tag="rearm"):
    """Lift the emergency latch; every bot stays stopped."""


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown"):
    """End the engine in order; bots keep their state and go on at the next start."""

    cancel_orders: bool | None = None
    """None: by the config's `on_shutdown`."""


Command = (
    PauseBot
    | ResumeBot
    | StartBot
    | StopBot
    | FlattenBot
    | ResetPeak
    | CancelOrder
    | EmergencyShutdown
    | Rearm
    | Shutdown
)


class Result(Enum):
    """How far a command got."""

    ACCEPTED = "accepted"
    """Under way; the snapshot shows when it is done."""
    DONE = "done"
    REFUSED = "refused"


class Outcome(msgspec.Struct, frozen=True):
    """What came of a command, in a sentence for the operator."""

    result: Result
    message: str
