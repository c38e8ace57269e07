"""What the engine is given to read, check and save its config with; it knows no file itself."""

from typing import Protocol

import msgspec

from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.config_change import ConfigText, InstrumentList
from nimbus_tui.control.config_form import ConfigForm, FormSection
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.core.secret import Secret
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.base import Exchange

NO_FILE = "this engine was put together without a config file"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A config text made ready: what an engine would be told that starts with it."""

    problems: tuple[ConfigProblem, ...] = ()
    """What is wrong with the text; then there is nothing else here."""
    specs: tuple[BotSpec, ...] = ()
    settings: EngineSettings | None = None
    origin: object = None
    """What the source makes of it again when the draft comes back."""
    can_join: frozenset[ExchangeName] = frozenset()
    """Exchanges of the text that `open_venue` can open."""
    keys: dict[BotId, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of each bot that is in the running text too: the keys of its table that differ."""
    at_once: tuple[str, ...] = ()
    """Keys beside the bots' that differ and that a running engine takes over."""
    next_start: tuple[str, ...] = ()
    """Keys beside the bots' that differ and that count from the next start."""


class ConfigSource(Protocol):
    """The config's file, and what turns its text into what an engine is made of.

    Every call may read or write files, and is made in another thread than the engine's.
    """

    @property
    def running(self) -> str:
        """The text that the engine runs by; empty where it has no file. Reads nothing."""
        ...

    def read(self) -> ConfigText:
        """The file as it is now."""
        ...

    def draft(self, text: str) -> Draft:
        """Check a text and make it ready; nothing of it is kept."""
        ...

    def edited(self, expected_hash: str) -> str:
        """Why the file is not the one of that hash any more; empty while it is."""
        ...

    def save(self, text: str, expected_hash: str) -> str:
        """Write the file unless it has another hash; returns why it was not, or nothing."""
        ...

    def open_venue(self, draft: Draft, name: ExchangeName) -> Exchange:
        """Make the adapter of an exchange of a draft; called on the engine's own thread.

        Raises:
            NimbusError: it can't be made.
        """
        ...

    def followed(self, draft: Draft) -> None:
        """The engine runs by this draft now."""
        ...

    def form(self) -> ConfigForm:
        """Every key that a config can have."""
        ...

    def offers(self, exchange: ExchangeName) -> InstrumentList:
        """What an exchange of the file offers, by what is known without asking it."""
        ...

    def set_secret(self, name: str, text: Secret, passphrase: Secret) -> Outcome:
        """Put a secret into the vault."""
        ...


class NoConfigSource:
    """An engine that was put together by hand has no file."""

    @property
    def running(self) -> str:
        """None."""
        return ""

    def read(self) -> ConfigText:
        """Nothing."""
        return ConfigText(text="", path="", hash="", running_hash="", trouble=NO_FILE)

    def draft(self, text: str) -> Draft:
        """Nothing can follow it."""
        return Draft(problems=(ConfigProblem("", 1, 1, "", NO_FILE),))

    def edited(self, expected_hash: str) -> str:
        """There is none."""
        return NO_FILE

    def save(self, text: str, expected_hash: str) -> str:
        """There is nowhere to write to."""
        return NO_FILE

    def open_venue(self, draft: Draft, name: ExchangeName) -> Exchange:
        """There is none."""
        raise ConfigError(NO_FILE)

    def followed(self, draft: Draft) -> None:
        """Never happens."""

    def form(self) -> ConfigForm:
        """There is nothing to fill in."""
        empty = FormSection(title="")
        return ConfigForm(engine=empty, ui=empty, risk=empty, exchanges={}, bots={})

    def offers(self, exchange: ExchangeName) -> InstrumentList:
        """Nothing is known."""
        return InstrumentList((), NO_FILE)

    def set_secret(self, name: str, text: Secret, passphrase: Secret) -> Outcome:
        """There is no vault."""
        return Outcome(Result.REFUSED, NO_FILE)
