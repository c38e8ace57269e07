"""Keys of `[engine]` reach the engine that is put together from them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.config.exchange_sections import VenueSection
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.engine.history import History
from nimbus_tui.engine.settings import OrphanPolicy
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.real_venues import Key, RealVenues
from tests.config.venues import VENUE, list_everything

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


@pytest.mark.parametrize(("key", "venues"), [("false", set()), ("true", {"hl"})])
async def test_a_dead_man_switch_is_wanted_by_venue(
    tmp_path: Path, key: str, venues: set[str]
) -> None:
    list_everything()
    path = written(tmp_path, "")
    path.write_text(path.read_text() + VENUE + f"dead_man_switch = {key}\n")
    makes_nothing = RealVenues(NoMaker(), {})
    engine = live_engine(load_config(path), scratch=tmp_path, venues=makes_nothing)
    assert engine.settings.dead_man_switches == venues
    engine.journal.close()


class NoMaker:
    """There is no bot on the venue, so that nobody asks for an adapter."""

    def adapter(self, name: ExchangeName, section: VenueSection, key: Key | None) -> Exchange:
        raise AssertionError(name)

    async def listed(self, section: VenueSection) -> Sequence[Instrument]:
        raise AssertionError(section)


@pytest.mark.parametrize(
    ("keys", "told"),
    [('orphans = "keep"', '"report", "cancel", "adopt"'), ("history_days = 0", "history_days")],
)
def test_a_value_that_there_is_not_is_told(tmp_path: Path, keys: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(written(tmp_path, keys))
    assert told in str(error.value)
