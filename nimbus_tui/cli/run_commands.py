"""Commands that host an engine: the app, the demo, and `run` without a screen."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from nimbus_tui.cli.diagnostics import friendly, say
from nimbus_tui.cli.live_start import ready, say_modes
from nimbus_tui.cli.opening import open_demo


def run(
    config: Path,
    duration: Annotated[
        float | None, typer.Option("--duration", help="Stop after so many seconds.")
    ] = None,
) -> None:
    """Run the bots of a config without a screen."""
    with friendly():
        from nimbus_tui.cli.event_log import event_log
        from nimbus_tui.cli.foreground import hosted
        from nimbus_tui.cli.headless import EndRequest, headless
        from nimbus_tui.cli.systemd import Notifier
        from nimbus_tui.config.locations import log_folder

        loaded, venues = ready(config)
        with event_log(log_folder(loaded.engine.name), console=True) as log:
            thread = hosted(loaded, on_event=log.put, venues=venues)
            request, notifier = EndRequest(), Notifier(os.environ)
            request.take_over(has_terminal=False)
            say_modes(loaded, coloured=sys.stderr.isatty())
            thread.start()
            say(f"nimbus-tui runs {config}; Ctrl+C ends it in order")
            notifier.ready(f"trading with {len(loaded.bots)} bots")
            headless(thread, request, duration, notifier)


def demo(
    config: Annotated[
        Path | None, typer.Option("--config", help="Another config than the shipped one.")
    ] = None,
    without_screen: Annotated[bool, typer.Option("--headless", help="Without a screen.")] = False,
    duration: Annotated[
        float | None, typer.Option("--duration", help="Stop after so many seconds.")
    ] = None,
) -> None:
    """Bots on a made-up market: no file, key or network; nothing is kept."""
    with friendly():
        if not without_screen:
            open_demo(config)
            return
        from nimbus_tui.bootstrap import load_config, scratch_folder
        from nimbus_tui.cli.foreground import hosted
        from nimbus_tui.cli.headless import EndRequest, headless
        from nimbus_tui.config.locations import shipped

        loaded = load_config(config or shipped("sample_configs") / "demo.toml")
        with scratch_folder() as folder:
            thread = hosted(loaded, Path(folder))
            request = EndRequest()
            request.take_over(has_terminal=False)
            thread.start()
            headless(thread, request, duration)
