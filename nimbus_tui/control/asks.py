"""What a client asks an engine in another process: one request and one reply a line."""

import msgspec

from nimbus_tui.control.commands import Command
from nimbus_tui.core.ids import BotId, ExchangeName

PROTOCOL = 1


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first request: which protocol the client speaks."""

    protocol: int


class AskSnapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """`EngineClient.snapshot`."""


class AskUpdates(msgspec.Struct, frozen=True, tag="updates"):
    """`EngineClient.updates`."""

    after: int
    focus: BotId | None
    timeout_s: float


class AskExecute(msgspec.Struct, frozen=True, tag="execute"):
    """`EngineClient.execute`."""

    command: Command


class AskConsequence(msgspec.Struct, frozen=True, tag="consequence"):
    """`EngineClient.consequence`."""

    command: Command


class AskRisk(msgspec.Struct, frozen=True, tag="risk"):
    """`EngineClient.risk`."""


class AskOrders(msgspec.Struct, frozen=True, tag="orders"):
    """`EngineClient.orders`."""

    bot_id: BotId | None
    live_only: bool
    limit: int


class AskFills(msgspec.Struct, frozen=True, tag="fills"):
    """`EngineClient.fills`."""

    bot_id: BotId | None
    limit: int


class AskEquity(msgspec.Struct, frozen=True, tag="equity"):
    """`EngineClient.equity`."""

    bot_id: BotId
    since_ns: int
    limit: int


class AskEvents(msgspec.Struct, frozen=True, tag="events"):
    """`EngineClient.events`."""

    after: int
    limit: int
    bot_id: BotId | None
    types: tuple[str, ...]
    newest: bool


class AskHistory(msgspec.Struct, frozen=True, tag="history"):
    """`EngineClient.history`."""

    seq: int | None
    ts: int | None
    focus: BotId | None
    around: int


class AskMoments(msgspec.Struct, frozen=True, tag="moments"):
    """`EngineClient.moments`."""

    seq: int


class AskPreview(msgspec.Struct, frozen=True, tag="preview"):
    """`EngineClient.preview`."""

    text: str


class AskReadConfig(msgspec.Struct, frozen=True, tag="read_config"):
    """`EngineClient.read_config`."""


class AskPlanConfig(msgspec.Struct, frozen=True, tag="plan_config"):
    """`EngineClient.plan_config`."""

    text: str
    expected_hash: str


class AskSaveConfig(msgspec.Struct, frozen=True, tag="save_config"):
    """`EngineClient.save_config`."""

    text: str
    expected_hash: str


class AskConfigForm(msgspec.Struct, frozen=True, tag="config_form"):
    """`EngineClient.config_form`."""


class AskInstruments(msgspec.Struct, frozen=True, tag="instruments"):
    """`EngineClient.instruments`."""

    exchange: ExchangeName


class AskSetSecret(msgspec.Struct, frozen=True, tag="set_secret"):
    """`EngineClient.set_secret`."""

    name: str
    text: str
    passphrase: str

    def __repr__(self) -> str:
        return f"AskSetSecret(name={self.name!r}, …)"


Ask = (
    Hello
    | AskSnapshot
    | AskUpdates
    | AskExecute
    | AskConsequence
    | AskRisk
    | AskOrders
    | AskFills
    | AskEquity
    | AskEvents
    | AskHistory
    | AskMoments
    | AskPreview
    | AskReadConfig
    | AskPlanConfig
    | AskSaveConfig
    | AskConfigForm
    | AskInstruments
    | AskSetSecret
)


class Request(msgspec.Struct, frozen=True):
    """One line from a client."""

    id: int
    ask: Ask


class Reply(msgspec.Struct, frozen=True):
    """One line to a client: a body, or what went wrong."""

    id: int
    body: msgspec.Raw = msgspec.Raw(b"null")
    error: str | None = None
