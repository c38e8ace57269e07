"""Asking for the vault's passphrase: a file or credential that is given, else on the terminal."""

import getpass
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

from nimbus_tui.cli.diagnostics import say
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.secret import SHORTEST, Secret
from nimbus_tui.tui.curtain import curtain

TRIES = 3
"""How often a person may type the passphrase of a vault."""

WAYS = (
    "type it on a terminal, name a file (mode 0600) in NIMBUS_PASSPHRASE_FILE, "
    "or give systemd's credential nimbus-passphrase (LoadCredential=)"
)


def unlocked(references: Iterable[str], folder: Path) -> Mapping[str, Secret]:
    """The secrets that a config refers to; asks for the passphrase only if the vault has one.

    Relative paths start at `folder`, the config's own.

    Raises:
        ConfigError: a secret isn't there, or nobody gives the passphrase.
        VaultError: the vault can't be opened.
    """
    from nimbus_tui.bootstrap import open_secrets

    return open_secrets(references, passphrase, folder=folder, tries=tries())


def passphrase() -> str:
    """The vault's passphrase as it is given, or typed without being shown.

    Raises:
        ConfigError: none is given, and there is no terminal to ask on; names the ways.
    """
    return _given() or hidden_line("Passphrase of the vault: ", f"the vault's passphrase: {WAYS}")


def tries() -> int:
    """How often to ask: only a person can answer differently the next time."""
    return TRIES if _given() is None else 1


def new_passphrase(*, given: bool) -> str:
    """A passphrase for a new vault, typed twice; with `given` the one that is given, if one is.

    Raises:
        ConfigError: too short, not the same twice, or nobody gives one.
    """
    found = _given() if given else None
    if found is not None:
        return found
    needed = f"a passphrase for the vault: {WAYS}"
    first = hidden_line("New passphrase of the vault: ", needed)
    if len(first) < SHORTEST:
        raise ConfigError(f"a passphrase has at least {SHORTEST} characters; nothing was changed")
    if hidden_line("The same again: ", needed) != first:
        raise ConfigError("these were two different passphrases; nothing was changed")
    return first


def hidden_line(prompt: str, needed: str) -> str:
    """A line typed on the terminal, which doesn't show it, whatever stdin is.

    Raises:
        ConfigError: there is no terminal, or nothing was typed; `needed` says what is lacking.
    """
    if not _has_terminal():
        raise ConfigError(f"there is no terminal to ask on for {needed}")
    try:
        with warnings.catch_warnings():
            # Where the echo can't be switched off nobody is to type a secret.
            warnings.simplefilter("error", getpass.GetPassWarning)
            curtain.drop()
            line = getpass.getpass(prompt)
    except EOFError:
        say("")
        raise ConfigError(f"nothing was typed for {needed}") from None
    except getpass.GetPassWarning:
        raise ConfigError(f"this terminal would show what is typed for {needed}") from None
    except UnicodeDecodeError:
        raise ConfigError("what was typed is no text in the terminal's encoding") from None
    if not line:
        raise ConfigError(f"nothing was typed for {needed}")
    if len(line) >= SHORTEST:
        Secret(line)  # from now on nothing that is told has it
    return line


def _given() -> str | None:
    from nimbus_tui.vault.sources import given_passphrase

    return given_passphrase(os.environ)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
