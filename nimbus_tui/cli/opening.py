"""Opens the app: on the demo's bots, or on a config."""

from pathlib import Path


def open_demo(config: Path | None = None) -> None:
    """Bots on a made-up market, on a screen; nothing is kept."""
    from nimbus_tui.bootstrap import load_config, scratch_folder
    from nimbus_tui.cli.foreground import show_demo
    from nimbus_tui.config.locations import shipped

    loaded = load_config(config or shipped("sample_configs") / "demo.toml")
    with scratch_folder() as folder:
        show_demo(loaded, Path(folder))


def open_app(path: Path) -> None:
    """The app on a config: attaches if its engine runs already."""
    from nimbus_tui.cli.attach_command import attach_to_config
    from nimbus_tui.cli.foreground import show_app
    from nimbus_tui.cli.live_start import ready

    if not attach_to_config(path):
        show_app(*ready(path))
