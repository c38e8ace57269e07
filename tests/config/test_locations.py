"""Where files live, and how NIMBUS_HOME moves them."""

import os
from pathlib import Path

import platformdirs
import pytest

from nimbus_tui.config import locations
from nimbus_tui.core.errors import ConfigError


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the fallback of the sockets lies in; no home, no runtime folder."""
    monkeypatch.delenv("NIMBUS_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_everything_of_the_user_lies_under_nimbus_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/")
    assert locations.journal_path("home") == tmp_path / "home/journal.db"
    assert locations.paper_path("home", "sim") == tmp_path / "home/paper-sim.db"
    assert locations.log_folder("home") == tmp_path / "home/logs"
    assert locations.budgets_folder() == tmp_path / "budgets"
    assert locations.socket_path("home") == tmp_path / "run/home.sock"
    assert locations.theme_folders()[-1] == tmp_path / "config/themes"


def test_nimbus_home_may_name_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", "~/nimbus")
    assert locations.data_folder("x") == Path("~/nimbus/x").expanduser()


@pytest.mark.usefixtures("temporary")
def test_without_it_the_systems_own_folders_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    data = Path(platformdirs.user_data_dir("nimbus-tui", appauthor=False))
    assert locations.journal_path("home") == data / "home" / "journal.db"
    assert locations.socket_path("home") == tmp_path / "nimbus-tui/home.sock"
    assert locations.config_folder().name == "nimbus-tui"


def test_the_sockets_fall_back_to_a_private_folder(temporary: Path) -> None:
    folder = temporary / f"nimbus-tui-{os.getuid()}"
    assert locations.socket_path("home") == folder / "home.sock"
    folder.mkdir(mode=0o700)
    assert locations.socket_folder() == folder


def test_a_runtime_folder_that_is_not_there_does_not_count(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(temporary / "gone"))
    assert locations.socket_folder().parent == temporary


def test_a_shared_folder_that_others_can_enter_is_refused(temporary: Path) -> None:
    folder = temporary / f"nimbus-tui-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="open to other users"):
        locations.socket_folder()


def test_a_link_in_place_of_the_shared_folder_is_refused(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir(mode=0o700)
    (temporary / f"nimbus-tui-{os.getuid()}").symlink_to(temporary / "elsewhere")
    with pytest.raises(ConfigError, match="NIMBUS_HOME"):
        locations.socket_folder()


def test_engines_are_known_by_their_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    assert locations.known_engines() == []
    for name in ("two", "one", "empty"):
        (tmp_path / name).mkdir()
    for name in ("two", "one"):
        locations.journal_path(name).touch()
    assert locations.known_engines() == ["one", "two"]


def test_what_is_shipped_is_found_in_a_checkout() -> None:
    assert (locations.shipped("themes") / "nimbus-dark.toml").is_file()
    assert (locations.shipped("sample_configs") / "grid-demo.toml").is_file()


def test_what_is_shipped_is_found_in_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "_PACKAGE", tmp_path)
    (tmp_path / "_shipped" / "themes").mkdir(parents=True)
    assert locations.shipped("themes") == tmp_path / "_shipped" / "themes"
    assert locations.shipped("sample_configs") == tmp_path.parent / "sample_configs"
