"""Keys of `[engine]` reach the engine that is put together from them."""

from pathlib import Path
from random import Random

import pytest

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.history import History
from nimbus_tui.engine.settings import OrphanPolicy
from nimbus_tui.real_venues import RealVenues
from nimbus_tui.venue_makers import AdapterMaker
from tests.config.venues import BOT, VENUE, list_everything

TEXT = """\
[engine]
{keys}

[exchanges.sim]
type = "paper"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""


def written(folder: Path, keys: str) -> Path:
    path = folder / "bots.toml"
    path.write_text(TEXT.format(keys=keys))
    return path


@pytest.mark.parametrize(
    ("keys", "policy", "days"),
    [
        ("", OrphanPolicy.REPORT, 90),
        ('orphans = "cancel"', OrphanPolicy.CANCEL, 90),
        ('orphans = "adopt"\nhistory_days = 7', OrphanPolicy.ADOPT, 7),
    ],
)
async def test_orphans_and_history(
    tmp_path: Path, keys: str, policy: OrphanPolicy, days: int
) -> None:
    engine = live_engine(load_config(written(tmp_path, keys)), scratch=tmp_path)
    assert (engine.settings.orphans, engine.settings.history_days) == (policy, days)
    assert isinstance(engine.recorder, History)
    engine.journal.close()


@pytest.mark.parametrize(
    ("key", "live", "venues"),
    [("false", "true", set()), ("true", "true", {"hl"}), ("true", "false", set())],
)
async def test_a_dead_man_switch_is_wanted_where_real_orders_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, live: str, venues: set[str]
) -> None:
    engine = real_engine(tmp_path, monkeypatch, f"dead_man_switch = {key}\n", f"live = {live}\n")
    assert engine.settings.dead_man_switches == venues
    engine.journal.close()


@pytest.mark.parametrize(
    ("live", "expected"),
    [("true", (3, MarginMode.ISOLATED)), ("false", (None, MarginMode.ISOLATED))],
)
async def test_leverage_is_set_where_real_orders_go(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    live: str,
    expected: tuple[int | None, MarginMode],
) -> None:
    keys = f'live = {live}\nleverage = 3\nmargin = "isolated"\n'
    engine = real_engine(tmp_path, monkeypatch, "", keys)
    spec = engine.specs["eth"]
    assert (spec.leverage, spec.margin_mode) == expected
    engine.journal.close()


def real_engine(folder: Path, patch: pytest.MonkeyPatch, venue_key: str, bot_keys: str) -> Engine:
    """An engine on Hyperliquid that has not connected yet."""
    patch.setenv("NIMBUS_HOME", str(folder))
    list_everything()
    path = folder / "bots.toml"
    path.write_text(VENUE + venue_key + BOT + bot_keys)
    maker = AdapterMaker(LiveClock(), Random(1), folder, None)
    return live_engine(load_config(path), scratch=folder, venues=RealVenues(maker, {}))


async def test_real_venues_need_somebody_who_makes_their_adapters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()
    path = tmp_path / "bots.toml"
    path.write_text(VENUE + BOT)
    with pytest.raises(ConfigError, match="only `run` and the app can reach them"):
        live_engine(load_config(path), scratch=tmp_path)


@pytest.mark.parametrize(
    ("keys", "told"),
    [('orphans = "keep"', '"report", "cancel", "adopt"'), ("history_days = 0", "history_days")],
)
def test_a_value_that_there_is_not_is_told(tmp_path: Path, keys: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(written(tmp_path, keys))
    assert told in str(error.value)
