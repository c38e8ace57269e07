"""The engine and its screen on one terminal, and the engine alone once the screen has gone."""

import asyncio
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nimbus_tui.cli.diagnostics import ExitCode, say
from nimbus_tui.cli.handover import Handover, hand_over
from nimbus_tui.cli.hangups import after_hangup
from nimbus_tui.cli.headless import EndRequest, ended, headless
from nimbus_tui.tui.options import Farewell, Outside, ScreenOptions

if TYPE_CHECKING:
    from nimbus_tui.cli.event_log import EventLog
    from nimbus_tui.config.model import Config
    from nimbus_tui.control.about import EngineAbout
    from nimbus_tui.control.client import EngineClient
    from nimbus_tui.core.events import Event
    from nimbus_tui.engine.host import EngineThread
    from nimbus_tui.real_venues import RealVenues

SWITCH_INTERVAL_S = 0.001
"""How long a screen may hold the interpreter before the engine gets its turn."""
LAST_WORDS = "detached.log"
"""The file beside the logs that takes what an engine without a terminal says at its end."""

_NOTES = {
    "detach": "the terminal went away: the engine goes on without a screen",
    "pause": "the terminal went away: every bot is paused, as on_hangup says",
    "stop": "the terminal went away: the engine ends, as on_hangup says",
}


def hosted(
    config: "Config",
    scratch: Path | None = None,
    on_event: "Callable[[Event], None] | None" = None,
    venues: "RealVenues | None" = None,
) -> "EngineThread":
    """The engine of a config in a thread of its own, not started yet."""
    from nimbus_tui.bootstrap import live_engine
    from nimbus_tui.config.locations import socket_path
    from nimbus_tui.engine.host import EngineThread

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    socket = str(scratch / "engine.sock" if scratch else socket_path(config.engine.name))
    return EngineThread(
        lambda: live_engine(config, scratch=scratch, venues=venues), socket, on_event
    )


def screen_options(config: "Config | None", about: "EngineAbout", *, demo: bool) -> ScreenOptions:
    """How the screen of an engine looks; without a config that can be read, as by default."""
    from nimbus_tui.config.locations import data_folder, theme_folders
    from nimbus_tui.config.model import UiSection

    ui = config.ui if config is not None else UiSection()
    return ScreenOptions(
        title="demo" if demo else about.name,
        theme=ui.theme,
        fps=ui.fps,
        keys=ui.keys,
        glyphs=ui.glyphs,
        outside=Outside(bell=ui.bell, notify=ui.notify, title=ui.title),
        theme_folders=tuple(theme_folders()),
        draft_folder=None if demo else data_folder(about.name),
        demo=demo,
        may_detach=not demo,
        may_restart=demo or bool(about.config),
    )


def show_demo(config: "Config", scratch: Path) -> None:
    """An engine that ends with its screen, however that ends."""
    from nimbus_tui.tui.run import check_terminal

    check_terminal()
    request = EndRequest()
    request.take_over(has_terminal=True)
    _Foreground(lambda log: hosted(config, scratch), config, request, None).show()


def show_app(config: "Config", venues: "RealVenues | None") -> None:
    """An engine that outlives its screen, and the terminal."""
    from nimbus_tui.tui.run import check_terminal

    check_terminal()
    request = EndRequest()
    request.take_over(has_terminal=True)
    handover = hand_over()
    handover.watch()
    _Foreground(
        lambda log: hosted(config, on_event=log.put if log else None, venues=venues),
        config,
        request,
        handover,
    ).show()


class _Foreground:
    """One engine after the other, each with a screen, until a screen says farewell for good."""

    def __init__(
        self,
        build: "Callable[[EventLog | None], EngineThread]",
        config: "Config",
        request: EndRequest,
        handover: Handover | None,
    ) -> None:
        self._build = build
        self._config = config
        self._request = request
        self._crash = ""
        """The traceback of a screen that failed outside the app's own care."""
        self._handover = handover
        """None where the engine is to end with its screen."""

    def show(self) -> None:
        """Host until the end."""
        from nimbus_tui.cli.event_log import event_log
        from nimbus_tui.config.locations import log_folder
        from nimbus_tui.tui.run import load_screen

        folder = log_folder(self._config.engine.name)
        logging: AbstractContextManager[EventLog | None] = (
            nullcontext() if self._handover is None else event_log(folder, console=False)
        )
        with logging as log:
            while True:
                thread = self._build(log)
                thread.begin()
                load_screen()
                client = thread.client()
                farewell = self._shown(client)
                if farewell is not Farewell.RESTART:
                    break
                thread.join()
            self._after(farewell, thread, client, folder / LAST_WORDS)

    def _shown(self, client: "EngineClient") -> Farewell:
        """The screen until it closes; one that fails leaves the engine alone."""
        from nimbus_tui.tui.run import run_screen

        if self._request.asked:
            return Farewell.TERMINATED
        if self._request.hung_up:
            return Farewell.HANGUP
        try:
            return run_screen(client, self._options(client))
        except Exception:
            self._crash = traceback.format_exc()
            return Farewell.CRASHED

    def _options(self, client: "EngineClient") -> ScreenOptions:
        return screen_options(
            self._config, asyncio.run(client.about()), demo=self._handover is None
        )

    def _after(
        self,
        farewell: Farewell,
        thread: "EngineThread",
        client: "EngineClient",
        last_words: Path,
    ) -> None:
        self._request.take_over(has_terminal=False)
        match farewell:
            case Farewell.ENDED:
                ended(thread)
            case Farewell.STOP_KEEP_ORDERS if self._handover is not None:
                self._end(thread, cancel_orders=False)
            case Farewell.STOP_CANCEL_ORDERS:
                self._end(thread, cancel_orders=True)
            case _ if self._handover is None or farewell is Farewell.TERMINATED:
                self._end(thread, cancel_orders=None)
            case Farewell.HANGUP:
                self._handover.detach(last_words)
                thread.note(_NOTES[self._config.engine.on_hangup.value])
                after_hangup(client, self._config.engine.on_hangup)
                headless(thread, self._request)
            case _:
                crashed = farewell is Farewell.CRASHED
                words = f"{self._crash}{_goes_on(self._config, crashed=crashed)}"
                with suppress(OSError):  # the terminal may have gone meanwhile
                    say(words)
                self._handover.detach(last_words, ExitCode.FAILED if crashed else ExitCode.DONE)
                if self._crash:
                    say(words)
                headless(thread, self._request)

    def _end(self, thread: "EngineThread", *, cancel_orders: bool | None) -> None:
        thread.request_stop(cancel_orders=cancel_orders)
        ended(thread)


def _goes_on(config: "Config", *, crashed: bool) -> str:
    """Where the engine is now, and how to come back to it."""
    from nimbus_tui.cli.machine_checks import logout_warning

    why = "the screen has failed, as said above; " if crashed else ""
    lines = [
        f"nimbus-tui: {why}the engine of {config.engine.name} goes on as process {os.getpid()}; "
        f"`nimbus-tui {config.path}` shows it again, and there q ends it"
    ]
    if warning := logout_warning():
        lines.append(f"nimbus-tui: {warning}")
    return "\n".join(lines)
