"""All four bots while everything goes wrong and every limit is tight: no promise breaks."""

from pathlib import Path

from nimbus_tui.bootstrap import fault_world, load_config
from nimbus_tui.config.locations import shipped
from nimbus_tui.simulation.world import World

SEEDS = (0, 1, 2, 4, 8, 23)
"""The later ones once broke a promise: a cut order's rest was forgotten over a restart."""
WIDE = "total_exposure = 10\ndrawdown = 60\n"
TIGHT = """\
total_exposure = 0.02
correlation = 0.02
asset_allocation = 60
drawdown = 0.1
daily_loss = 0.1
position_size = 400
consecutive_losses = 2
cooldown = "20s"
order_rate = 20
hold = "10s"
rejects = 1000
[exchanges.sim.risk]
leverage = 0.01
"""


def test_no_promise_breaks_while_the_rules_act(tmp_path: Path) -> None:
    text = (shipped("sample_configs") / "simulate.toml").read_text()
    assert WIDE in text
    config = tmp_path / "tight.toml"
    config.write_text(text.replace(WIDE, TIGHT))
    world = fault_world(load_config(config))
    verdicts = [World(seed, *world).run() for seed in SEEDS]
    assert [one.violation for one in verdicts] == [None] * len(SEEDS)
    assert sum(one.fills for one in verdicts) > 20
