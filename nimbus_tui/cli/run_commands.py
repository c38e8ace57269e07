"""Commands that host an engine: the app, the demo, and `run` without a screen."""

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nimbus_tui.cli.diagnostics import ExitCode, fail, friendly, say
from nimbus_tui.cli.live_start import ready, say_modes

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config
    from nimbus_tui.core.events import Event
    from nimbus_tui.engine.host import EngineThread
    from nimbus_tui.real_venues import RealVenues

SWITCH_INTERVAL_S = 0.001
"""How long a screen may hold the interpreter before the engine gets its turn."""
GRACE_S = 5.0
"""How much longer than its own limit an engine's end is waited for."""

DEMO_ALONE_S = 3600.0
"""How long a demo goes on that has lost its terminal: nobody would ever come back for it."""


def run(
    config: Path,
    duration: Annotated[
        float | None, typer.Option("--duration", help="Stop after so many seconds.")
    ] = None,
) -> None:
    """Run the bots of a config without a screen."""
    with friendly():
        from nimbus_tui.cli.event_log import event_log
        from nimbus_tui.config.locations import log_folder

        loaded, venues = ready(config)
        with event_log(log_folder(loaded.engine.name), console=True) as log:
            thread = _hosted(loaded, on_event=log.put, venues=venues)
            asked = _end_asked()
            say_modes(loaded, coloured=sys.stderr.isatty())
            thread.start()
            say(f"nimbus-tui runs {config}; Ctrl+C ends it in order")
            _headless(thread, duration, asked)


def demo(
    config: Annotated[
        Path | None, typer.Option("--config", help="Another config than the shipped one.")
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Without a screen.")] = False,
    duration: Annotated[
        float | None, typer.Option("--duration", help="Stop after so many seconds.")
    ] = None,
) -> None:
    """Bots on a made-up market: no file, key or network; nothing is kept."""
    with friendly():
        from nimbus_tui.bootstrap import load_config, scratch_folder
        from nimbus_tui.config.locations import shipped

        loaded = load_config(config or shipped("sample_configs") / "demo.toml")
        with scratch_folder() as folder:
            thread = _hosted(loaded, Path(folder))
            if headless:
                asked = _end_asked()
                thread.start()
                _headless(thread, duration, asked)
            else:
                _with_screen(thread, loaded, demo=True)


def open_app(path: Path) -> None:
    """The app on a config: attaches if its engine runs already."""
    from nimbus_tui.cli.event_log import event_log
    from nimbus_tui.config.locations import log_folder

    loaded, venues = ready(path)
    with event_log(log_folder(loaded.engine.name), console=False) as log:
        _with_screen(_hosted(loaded, on_event=log.put, venues=venues), loaded, demo=False)


def _hosted(
    config: "Config",
    scratch: Path | None = None,
    on_event: "Callable[[Event], None] | None" = None,
    venues: "RealVenues | None" = None,
) -> "EngineThread":
    from nimbus_tui.bootstrap import live_engine
    from nimbus_tui.config.locations import socket_path
    from nimbus_tui.engine.host import EngineThread

    sys.setswitchinterval(SWITCH_INTERVAL_S)
    socket = str(scratch / "engine.sock" if scratch else socket_path(config.engine.name))
    return EngineThread(
        lambda: live_engine(config, scratch=scratch, venues=venues), socket, on_event
    )


def _with_screen(thread: "EngineThread", config: "Config", *, demo: bool) -> None:
    from nimbus_tui.config.locations import theme_folders
    from nimbus_tui.config.model import OnEmergency, OnHangup
    from nimbus_tui.tui.options import Farewell, Outside, ScreenOptions
    from nimbus_tui.tui.run import check_terminal, run_screen

    check_terminal()
    ui = config.ui
    client = thread.start()
    options = ScreenOptions(
        title="demo" if demo else config.engine.name,
        theme=ui.theme,
        fps=ui.fps,
        glyphs=ui.glyphs,
        outside=Outside(bell=ui.bell, notify=ui.notify, title=ui.title),
        theme_folders=tuple(theme_folders()),
        demo=demo,
        on_stop={bot_id: bot.common.on_stop.value for bot_id, bot in config.bots.items()},
        close_in_emergency=config.engine.emergency is OnEmergency.CLOSE,
    )
    farewell = run_screen(client, options)
    match farewell:
        case Farewell.HANGUP if config.engine.on_hangup is OnHangup.DETACH:
            _headless(thread, DEMO_ALONE_S if demo else None, _end_asked())
        case Farewell.STOP_CANCEL_ORDERS:
            thread.request_stop(cancel_orders=True)
            _ended(thread)
        case _:
            thread.request_stop()
            _ended(thread)


def _end_asked() -> threading.Event:
    """Take the signals over: a first one sets the event, a second one forces the end."""
    asked = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: _second(asked))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return asked


def _headless(thread: "EngineThread", duration: float | None, asked: threading.Event) -> None:
    """Wait for a signal, the end of the duration, or the engine's own end."""
    waited = 0.0
    while thread.is_alive and not asked.wait(0.2):
        waited += 0.2
        if duration is not None and waited >= duration:
            break
    thread.request_stop()
    _ended(thread)


def _second(asked: threading.Event) -> None:
    """The first signal asks, the second forces."""
    if asked.is_set():
        raise SystemExit(ExitCode.FAILED)
    asked.set()


def _ended(thread: "EngineThread") -> None:
    """Wait for the orderly end; an engine that failed says why, one in emergency exits with 3."""
    ended = thread.join(thread.shutdown_timeout_s + GRACE_S)
    if thread.failure is not None:
        raise thread.failure
    if thread.emergency:
        fail(f"nimbus-tui: emergency shutdown: {thread.emergency}", ExitCode.EMERGENCY)
    if not ended:
        fail("nimbus-tui: the engine did not end in time; the next start looks every order up")
