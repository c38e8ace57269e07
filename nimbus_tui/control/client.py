"""The one interface through which screens and commands see an engine, wherever it runs."""

from collections.abc import Sequence
from typing import Protocol

from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.control.config_change import ConfigChange, ConfigText, InstrumentList
from nimbus_tui.control.config_form import ConfigForm
from nimbus_tui.control.past import Moments, PastMoment
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot, Update
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.order import Order
from nimbus_tui.core.preview import ConfigPreview


class EngineClient(Protocol):
    """Snapshots and events out, commands in.

    Every call raises `EngineUnreachable` if the engine is gone. Clients pull: a slow screen asks
    less often and gets the newest state, so it can never hold the engine up or fall behind.
    """

    async def snapshot(self) -> tuple[EngineSnapshot, tuple[BotSnapshot, ...]]:
        """The engine and all its bots now."""
        ...

    async def updates(
        self, after: int, *, focus: BotId | None = None, timeout_s: float = 30.0
    ) -> Update:
        """What changed since revision `after` (0 = everything); waits `timeout_s` at most."""
        ...

    async def execute(self, command: Command) -> Outcome:
        """Carry out a command."""
        ...

    async def consequence(self, command: Command) -> Outcome:
        """What a command would do now, in a sentence to be confirmed; nothing is done.

        For a stop: the orders that are cancelled and what happens to the position. Refused where
        the command itself would be.
        """
        ...

    async def risk(self) -> RiskSnapshot:
        """The risk layer now: readings, standings, and how far an emergency has come."""
        ...

    async def orders(
        self, *, bot_id: BotId | None = None, live_only: bool = True, limit: int = 1000
    ) -> Sequence[Order]:
        """Orders; newest first when history is asked for."""
        ...

    async def fills(self, *, bot_id: BotId | None = None, limit: int = 1000) -> Sequence[Fill]:
        """The newest fills, oldest first."""
        ...

    async def equity(
        self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000
    ) -> Sequence[EquityPoint]:
        """The newest points of a bot's equity curve from a moment on, oldest first."""
        ...

    async def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> Sequence[Event]:
        """Journalled events."""
        ...

    async def history(
        self,
        *,
        seq: int | None = None,
        ts: int | None = None,
        focus: BotId | None = None,
        around: int = 50,
    ) -> PastMoment:
        """The engine as it was after event `seq` or at time `ts` (ns); by default now.

        With the focused bot's panel, and up to `around` events on either side.
        """
        ...

    async def moments(self, seq: int) -> Moments:
        """How far the past reaches, and where one may jump from an event."""
        ...

    async def preview(self, text: str) -> ConfigPreview:
        """What the bots of a config text would do if they started now, at the newest prices.

        What is wrong with the text is in the answer, with its places; nothing of it is raised.
        """
        ...

    async def read_config(self) -> ConfigText:
        """The config file as it is on the disk now; its hash tells whether somebody edited it."""
        ...

    async def plan_config(self, text: str, expected_hash: str) -> ConfigChange:
        """What `save_config` would do now, bot by bot; nothing of it is done.

        What is wrong with the text is in the answer, with its places.
        """
        ...

    async def save_config(self, text: str, expected_hash: str) -> Outcome:
        """Save a config text, and let the running engine follow it.

        All of it or nothing: refused where `plan_config` has problems or a refusal, also when the
        file's hash is no longer `expected_hash`. The last version stays beside it as `FILE.bak`.
        """
        ...

    async def config_form(self) -> ConfigForm:
        """Every key that a config can have, for a form: what it means, takes, and defaults to."""
        ...

    async def instruments(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the config offers, by symbol."""
        ...

    async def set_secret(self, name: str, text: str, passphrase: str) -> Outcome:
        """Put a secret into the vault that the passphrase opens, or make that vault."""
        ...

    async def close(self) -> None:
        """Let go of the engine; it goes on without us."""
        ...
