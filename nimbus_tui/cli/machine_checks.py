"""What `doctor` sees of the machine: terminal, language, versions, disk, clock, login manager."""

import locale
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from nimbus_tui.cli.observations import Observation, ok, problem, warning
from nimbus_tui.core.version import __version__

LEAST_COLUMNS, LEAST_ROWS = 80, 24
LEAST_PYTHON = (3, 11)
SHORT_BYTES = 1_000_000_000
"""So little room on the disk is worth a word: a busy journal takes some megabytes a day."""
NO_ROOM_BYTES = 50_000_000
ANSWER_S = 5.0
"""How long a program of the system may take to answer."""


def terminal(
    environment: Mapping[str, str], size: os.terminal_size | None
) -> Iterator[Observation]:
    """Whether the app can be shown here; the size is None where there is no terminal."""
    if size is None:
        yield ok("terminal", "this is none; `nimbus-tui run` works without one")
        return
    name = environment.get("TERM", "dumb")
    columns, rows = size
    if name == "dumb":
        yield problem("terminal", "TERM is dumb", "use a terminal emulator, and don't set TERM")
        return
    text = f"{name}, {columns} columns × {rows} rows, {_colours(name, environment)}"
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        remedy = f"make it {LEAST_COLUMNS} × {LEAST_ROWS} or larger to see all panels"
        yield warning("terminal", text, remedy)
    elif _colours(name, environment) == "few colours":
        yield warning("terminal", text, "set TERM to a kind with 256 colours, like xterm-256color")
    else:
        yield ok("terminal", text)


def _colours(name: str, environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "colours off (NO_COLOR)"
    if environment.get("COLORTERM", "") in ("truecolor", "24bit") or "direct" in name:
        return "true colours"
    return "256 colours" if "256" in name else "few colours"


def language() -> Iterator[Observation]:
    """Whether signs like ▲ and ● can be written."""
    encoding = locale.getpreferredencoding(False)
    if "utf" in encoding.lower():
        yield ok("locale", f"text is {encoding}")
    else:
        yield problem("locale", f"text is {encoding}, not UTF-8", "set LANG=C.UTF-8")


def versions() -> Iterator[Observation]:
    """The program, Python, and the packages that it stands on."""
    python = platform.python_version()
    text = f"nimbus-tui {__version__} on Python {python}, {platform.system()} {platform.release()}"
    if sys.version_info < LEAST_PYTHON:
        yield problem("versions", text, "use Python 3.11 or newer")
    else:
        yield ok("versions", text)
    found, missing = [], []
    for name in _needed():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        remedy = "install nimbus-tui again: `pip install --force-reinstall nimbus-tui`"
        yield problem("packages", f"missing: {', '.join(missing)}", remedy)
    yield ok("packages", ", ".join(found) or "none are named")


def _needed() -> list[str]:
    """The packages of a plain installation here, without what only some Pythons need."""
    try:
        lines = requires("nimbus-tui") or []
    except PackageNotFoundError:
        return []
    plain = [line for line in lines if ";" not in line]
    return [line.split(">")[0].split("=")[0].split("<")[0].strip() for line in plain]


def disk(folder: Path) -> Iterator[Observation]:
    """Whether journals can be written, and have room."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        remedy = f"give yourself the right to write it: chown or chmod {place}"
        yield problem("disk", f"{place} can't be written", remedy)
        return
    free = shutil.disk_usage(place).free
    text = f"{free / 1e9:,.1f} GB free for {folder}"
    if free < NO_ROOM_BYTES:
        yield problem(
            "disk", text, "make room: an engine whose journal can't be written shuts down"
        )
    elif free < SHORT_BYTES:
        yield warning("disk", text, "make room, or move the files with NIMBUS_HOME")
    else:
        yield ok("disk", text)


def clock() -> Iterator[Observation]:
    """Whether the machine's clock follows a better one."""
    answer = _answer("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if answer == "yes":
        yield ok("clock", "synchronised by NTP")
    elif answer == "no":
        remedy = "`timedatectl set-ntp true`: orders carry deadlines of a few seconds"
        yield warning("clock", "not synchronised by NTP", remedy)
    else:
        yield ok("clock", "whether it is synchronised is not told here; see the venues")


def lingering(environment: Mapping[str, str]) -> Iterator[Observation]:
    """Whether the login manager would end an engine that goes on without its terminal."""
    answer = _lingers(environment)
    if answer == "yes" or os.getuid() == 0:
        yield ok("login", "an engine without its terminal goes on after you log out")
    elif answer == "no":
        yield warning(
            "login",
            "the login manager may end an engine when you log out",
            "`loginctl enable-linger` lets it go on",
        )
    else:
        yield ok("login", "no login manager here says that it ends programs at the logout")


def logout_warning(environment: Mapping[str, str] = os.environ) -> str:
    """What to know before one logs out with an engine running; empty where all is well."""
    found = next(lingering(environment))
    return f"{found.text}; {found.remedy}" if found.remedy else ""


def _lingers(environment: Mapping[str, str]) -> str:
    user = environment.get("USER") or environment.get("LOGNAME") or str(os.getuid())
    return _answer("loginctl", "show-user", user, "--property=Linger", "--value")


def _answer(*command: str) -> str:
    """What a program of the system says; empty where there is none, or it fails."""
    path = shutil.which(command[0])
    if path is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, found on PATH
            [path, *command[1:]], capture_output=True, text=True, timeout=ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
