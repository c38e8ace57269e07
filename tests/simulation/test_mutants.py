"""Every planted bug is found within a few seeds, and the judge finds none where none is planted."""

import pytest

from tests.simulation.fault_worlds import first_broken
from tests.simulation.mutants import PLANTED, Plant

SEEDS = range(40)
"""The same that `test_fault_worlds` shows to be clean without a planted bug."""


def name(plant: Plant) -> str:
    return plant.__name__.replace("_", " ")


@pytest.mark.parametrize("plant", PLANTED, ids=name)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert first_broken(SEEDS) is not None
