"""The sample world with all four bots, for tests."""

from collections.abc import Iterable
from functools import lru_cache

from nimbus_tui.bootstrap import fault_world, load_config
from nimbus_tui.config.locations import shipped
from nimbus_tui.simulation.faults import FaultPlan
from nimbus_tui.simulation.world import TICKS, BuildEngine, Verdict, World, WorldSettings


@lru_cache
def sample(plan: FaultPlan, ticks: int) -> tuple[WorldSettings, BuildEngine]:
    config = load_config(shipped("sample_configs") / "simulate.toml")
    return fault_world(config, plan=plan, ticks=ticks)


def lived(seed: int, plan: FaultPlan | None = None, ticks: int = TICKS) -> Verdict:
    return World(seed, *sample(plan or FaultPlan(), ticks)).run()


def first_broken(seeds: Iterable[int]) -> int | None:
    """The first seed in which a promise breaks."""
    return next((seed for seed in seeds if lived(seed).violation is not None), None)
