"""Where secrets and passphrases come from: the vault, the environment, private files, systemd."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nimbus_tui.core.errors import ConfigError, WrongPassphrase
from nimbus_tui.core.secret import (
    SHORTEST,
    Secret,
    SecretReference,
    SecretSource,
    secret_reference,
)
from nimbus_tui.vault.private_files import private_bytes
from nimbus_tui.vault.safe import Vault

PASSPHRASE_FILE = "NIMBUS_PASSPHRASE_FILE"  # noqa: S105 - a name
"""The variable that names a file with the passphrase."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable in which systemd names the folder of a unit's credentials."""
PASSPHRASE_CREDENTIAL = "nimbus-passphrase"  # noqa: S105 - a name

MAX_BYTES = 100_000

Ask = Callable[[], str]
"""Gives the passphrase, however it does."""


def given_passphrase(environment: Mapping[str, str]) -> str | None:
    """The passphrase that no person has to type; None where none is given.

    First the file that NIMBUS_PASSPHRASE_FILE names, then systemd's credential nimbus-passphrase.

    Raises:
        ConfigError: the file can't be read, others can read it, or it is empty.
    """
    if named := environment.get(PASSPHRASE_FILE):
        path = Path(named).expanduser()
        raw = private_bytes(path, f"{PASSPHRASE_FILE}:", MAX_BYTES, ConfigError)
        return _hidden(checked_text(raw, f"the file {path}"))
    folder = environment.get(CREDENTIALS)
    if folder and (Path(folder) / PASSPHRASE_CREDENTIAL).exists():
        return _hidden(_credential(PASSPHRASE_CREDENTIAL, environment))
    return None


def open_secrets(
    references: Iterable[str],
    ask: Ask,
    vault: Vault,
    environment: Mapping[str, str],
    *,
    folder: Path,
    tries: int = 1,
) -> Mapping[str, Secret]:
    """The secrets that are referred to, by reference.

    `ask` is called only if one of them is in the vault; again, up to `tries` times in all, if the
    passphrase was wrong. Relative paths start at `folder`.

    Raises:
        ConfigError: a secret isn't there; the message names it and what is.
        VaultError: the vault can't be opened.
    """
    wanted = {reference: secret_reference(reference) for reference in references}
    found = {
        reference: _outside(read, environment, folder)
        for reference, read in wanted.items()
        if read.source is not SecretSource.VAULT
    }
    kept = [read.name for read in wanted.values() if read.source is SecretSource.VAULT]
    if kept:
        found |= _kept(kept, ask, vault, tries)
    return found


def opened(vault: Vault, ask: Ask, tries: int) -> tuple[str, dict[str, str]]:
    """The passphrase that opens a vault, and what is in it; asks `tries` times at most.

    What is wrong with the file is said before anybody types.

    Raises:
        WrongPassphrase: none of them did.
        VaultError: the vault can't be opened.
    """
    vault.examine()
    while True:
        passphrase = ask()
        try:
            return passphrase, vault.open(passphrase)
        except WrongPassphrase:
            tries -= 1
            if tries < 1:
                raise


def checked_text(raw: bytes, where: str) -> str:
    """The text that was found somewhere, without the end of its last line.

    Raises:
        ConfigError: it is empty, too short, or no text. The message doesn't repeat it.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text") from None
    text = text.rstrip("\r\n")
    if text != text.strip():
        raise ConfigError(f"{where} begins or ends with blanks; remove them")
    if not text:
        raise ConfigError(f"{where} is empty")
    if len(text) < SHORTEST:
        raise ConfigError(f"{where} has fewer than {SHORTEST} characters")
    return text


def _kept(names: list[str], ask: Ask, vault: Vault, tries: int) -> dict[str, Secret]:
    if not vault.exists:
        raise ConfigError(
            f"there is no secret {', '.join(names)}: there is no vault {vault.path} yet; "
            f"make it with `nimbus-tui secrets set {names[0]}`"
        )
    _, texts = opened(vault, ask, tries)
    if missing := [name for name in names if name not in texts]:
        known = ", ".join(sorted(texts)) or "none"
        raise ConfigError(
            f"there is no secret {', '.join(missing)} in the vault {vault.path}; there are: "
            f"{known}; add it with `nimbus-tui secrets set {missing[0]}`"
        )
    return {name: Secret(texts[name]) for name in names}


def _outside(reference: SecretReference, environment: Mapping[str, str], folder: Path) -> Secret:
    match reference.source:
        case SecretSource.ENVIRONMENT:
            if reference.name not in environment:
                raise ConfigError(
                    f"{reference}: the environment variable {reference.name} is not set"
                )
            raw = environment[reference.name].encode("utf-8", "surrogateescape")
            return Secret(checked_text(raw, f"the environment variable {reference.name}"))
        case SecretSource.FILE:
            path = folder / Path(reference.name).expanduser()
            raw = private_bytes(path, "the secret's file", MAX_BYTES, ConfigError)
            return Secret(checked_text(raw, f"the file {path}"))
        case _:
            return Secret(_credential(reference.name, environment))


def _hidden(text: str) -> str:
    """The same text, which nothing that is told has from now on."""
    return Secret(text).reveal()


def _credential(name: str, environment: Mapping[str, str]) -> str:
    """One of systemd's credentials, whose folder it keeps private itself."""
    folder = environment.get(CREDENTIALS)
    if not folder:
        raise ConfigError(
            f"systemd:{name}: {CREDENTIALS} is not set; it is where a unit has LoadCredential="
        )
    path = Path(folder) / name
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES)
    except OSError as error:
        raise ConfigError(
            f"systemd's credential {name} can't be read ({error.strerror}): {path}"
        ) from error
    return checked_text(raw, f"systemd's credential {name}")
