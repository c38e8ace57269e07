"""Which price files are found for a symbol, and how a path goes on."""

from pathlib import Path

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.simulation.price_folders import (
    FOLDERS_KEPT,
    PriceFolders,
    chosen_files,
    files_for,
    full_path,
    ways_on,
)

ETH = Symbol("ETH/USDC:USDC")


def filled(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("")
    return folder


def test_files_that_name_the_quote_come_first_and_quotes_never(tmp_path: Path) -> None:
    folder = filled(
        tmp_path, "ETHUSDT-1m.csv.gz", "eth_usdc.csv", "ETH.csv", "binance_ETHUSDT_bbo.csv",
        "BTCUSDC.csv", "ETHUSDC.txt", "methane.csv", ".ETHUSDC.csv",
    )  # fmt: skip
    found = [Path(path).name for path in files_for(ETH, [folder])]
    assert found == ["eth_usdc.csv", "ETHUSDT-1m.csv.gz", "ETH.csv"]


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert files_for(ETH, [tmp_path / "none"]) == ()


def test_the_last_folders_are_remembered_and_those_that_went_are_not(tmp_path: Path) -> None:
    folders = PriceFolders(tmp_path / "deep" / "folders.json")
    assert folders.known() == []
    made = [filled(tmp_path / f"f{number}", "a.csv") for number in range(FOLDERS_KEPT + 2)]
    for folder in made:
        folders.remember([folder / "a.csv"])
    newest = [str(folder) for folder in reversed(made)][:FOLDERS_KEPT]
    assert folders.known() == newest
    (made[-1] / "a.csv").unlink()
    made[-1].rmdir()
    assert folders.known() == newest[1:]
    (tmp_path / "deep" / "folders.json").write_text("nonsense")
    assert folders.known() == []


def test_where_nothing_can_be_remembered_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    PriceFolders(tmp_path / "file" / "folders.json").remember([tmp_path / "a.csv"])


def test_a_pattern_means_its_files_in_order(tmp_path: Path) -> None:
    filled(tmp_path, "b.csv", "a.csv", "c.txt")
    assert chosen_files(ETH, "*.csv", tmp_path) == [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert chosen_files(ETH, f" {tmp_path}/c.txt ", Path("/")) == [tmp_path / "c.txt"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "choose one"),
        ("x.csv", "there is no file"),
        (".", "is a folder"),
        ("x*", "is called x*"),
    ],
)
def test_what_is_not_there_is_told(given: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told.replace("*", r"\*")):
        chosen_files(ETH, given, tmp_path)


def test_a_home_that_nobody_has_is_a_name_like_any_other(tmp_path: Path) -> None:
    assert full_path("~nobody-at-all/x", tmp_path) == tmp_path / "~nobody-at-all/x"


def test_a_path_goes_on_with_folders_then_files_as_it_was_begun(tmp_path: Path) -> None:
    filled(tmp_path, "data.csv", "Dax.toml", "other.txt", "z.csv.gz")
    filled(tmp_path / "days")
    assert ways_on("", tmp_path) == ["days/", "Dax.toml", "data.csv", "z.csv.gz"]
    assert ways_on("da", tmp_path) == ["days/", "Dax.toml", "data.csv"]
    assert ways_on(f"{tmp_path}/z", Path("/")) == [f"{tmp_path}/z.csv.gz"]
    assert ways_on("none/", tmp_path) == []
