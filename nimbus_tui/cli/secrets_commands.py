"""Commands for the vault: set, list, remove, import, passphrase. No secret is ever an argument."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nimbus_tui.cli.diagnostics import friendly, say
from nimbus_tui.cli.output import print_json, print_text
from nimbus_tui.cli.passphrases import hidden_line, new_passphrase, passphrase, tries
from nimbus_tui.cli.running_engine import JsonOption, YesOption, confirm
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.secret import LONGEST_NAME, Secret, is_secret_name

if TYPE_CHECKING:
    from nimbus_tui.vault.safe import Vault

secrets_app = typer.Typer(
    no_args_is_help=True, help="Keys in an encrypted vault: set, list, remove, import."
)

Replace = Annotated[bool, typer.Option("--replace", help="Replace a secret that is there.")]
Name = Annotated[str, typer.Argument(help="What the config calls it.")]

MAX_BYTES = 100_000


@secrets_app.command("set")
def set_command(
    name: Name,
    from_file: Annotated[
        Path | None, typer.Option("--from-file", help="Take the text from a file; - is stdin.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Put a secret into the vault; its text is typed unseen, or comes from stdin or a file."""
    with friendly():
        _check_name(name)
        vault = _vault()
        phrase, there = _opened(vault)
        if name in there and not replace:
            _refuse_to_replace(name)
        secret = Secret(_text(name, from_file))

        def edit(secrets: Mapping[str, str]) -> Mapping[str, str]:
            if name in secrets and not replace:
                _refuse_to_replace(name)
            return {**secrets, name: secret.reveal()}

        vault.change(phrase, edit)
        say(f'{name} is in the vault {vault.path}; a config names it with secret = "{name}"')


@secrets_app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """The names of all secrets."""
    with friendly():
        vault = _vault()
        names = sorted(_opened(vault)[1]) if vault.exists else []
        if as_json:
            print_json([{"name": name} for name in names])
            return
        for name in names:
            print_text(name)
        if not names:
            say(f"there are no secrets in {vault.path}; add one with `nimbus-tui secrets set NAME`")


@secrets_app.command("remove")
def remove_command(name: Name, yes: YesOption = False) -> None:
    """Remove a secret; it can't be got back."""
    with friendly():
        _check_name(name)
        vault = _vault()
        if not vault.exists:
            _miss(name, {})
        phrase, there = _opened(vault)
        if name not in there:
            _miss(name, there)
        confirm(yes, "REMOVE", f"remove the secret {name} for good")

        def edit(secrets: Mapping[str, str]) -> Mapping[str, str]:
            if name not in secrets:
                _miss(name, secrets)
            return {one: text for one, text in secrets.items() if one != name}

        vault.change(phrase, edit)
        say(f"{name} is removed from the vault {vault.path}")


@secrets_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="NAME=value lines or a JSON object; - is stdin.")],
    replace: Replace = False,
) -> None:
    """Take over secrets that another program keeps in clear text: all of a file, or none."""
    with friendly():
        from nimbus_tui.vault.import_formats import secrets_in, taken

        found = secrets_in(_as_text(_read(file), str(file)), str(file))
        for one in found:
            Secret(one.text)
        vault = _vault()
        phrase, _ = _opened(vault)

        def edit(secrets: Mapping[str, str]) -> Mapping[str, str]:
            if not replace and (names := taken(found, secrets)):
                _refuse_to_replace(", ".join(names))
            return {**secrets, **{one.name: one.text for one in found}}

        vault.change(phrase, edit)
        for one in found:
            renamed = "" if one.name == one.given else f" (was {one.given})"
            say(f"{one.name} is in the vault{renamed}")
        if str(file) != "-":
            say(f"{file} still has all of it in clear text: remove it and its copies")


@secrets_app.command("passphrase")
def passphrase_command() -> None:
    """Give the vault another passphrase."""
    with friendly():
        vault = _vault()
        if not vault.exists:
            raise ConfigError(f"there is no vault {vault.path} yet")
        phrase, _ = _opened(vault)
        vault.change(phrase, lambda secrets: secrets, new_passphrase=new_passphrase(given=False))
        say(f"the vault {vault.path} has a new passphrase; copies made before keep the old one")


def _vault() -> "Vault":
    from nimbus_tui.config.locations import vault_path
    from nimbus_tui.vault.safe import Vault

    return Vault(vault_path())


def _opened(vault: "Vault") -> tuple[str, Mapping[str, str]]:
    """The passphrase and what is in the vault; for one that isn't there yet a new passphrase."""
    from nimbus_tui.vault.sources import opened

    if not vault.exists:
        return new_passphrase(given=True), {}
    return opened(vault, passphrase, tries())


def _check_name(name: str) -> None:
    if not is_secret_name(name):
        raise ConfigError(
            f"a secret's name has letters, digits, '.', '_' and '-', at most {LONGEST_NAME}, and "
            "doesn't look like a key; the secret itself is asked for, never an argument"
        )


def _text(name: str, file: Path | None) -> str:
    from nimbus_tui.vault.sources import checked_text

    if file is None and sys.stdin.isatty():
        typed = hidden_line(f"Secret {name}: ", f"the secret {name}")
        return checked_text(typed.encode("utf-8", "surrogateescape"), f"the secret {name}")
    file = file or Path("-")
    return checked_text(_read(file), "stdin" if str(file) == "-" else f"the file {file}")


def _read(file: Path) -> bytes:
    where = "stdin" if str(file) == "-" else str(file)
    try:
        if where == "stdin":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{where} can't be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{where} is larger than {MAX_BYTES:,} bytes; is it the right file?")
    return raw


def _as_text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text") from None


def _refuse_to_replace(names: str) -> NoReturn:
    raise ConfigError(
        f"the vault has a secret {names} already, and nothing was changed; "
        "give --replace to put the new one in its place"
    )


def _miss(name: str, there: Mapping[str, str]) -> NoReturn:
    raise ConfigError(
        f"there is no secret {name} in the vault; there are: {', '.join(sorted(there)) or 'none'}"
    )
