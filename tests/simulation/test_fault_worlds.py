"""All four bots while everything goes wrong: no promise breaks, and each world is repeatable."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from nimbus_tui.simulation.faults import FaultKind, FaultPlan
from tests.simulation.fault_worlds import lived

REGRESSIONS = (66, 71, 115, 128, 153, 164, 173, 202, 236, 306, 323, 339, 369, 380, 1729, 1857)
"""Seeds that once broke a promise."""
HASH_SEEDS = ("1", "2")
DIGEST = "from tests.simulation.fault_worlds import lived; print(lived(3).digest, lived(4).digest)"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_no_promise_breaks_though_every_kind_of_fault_strikes(first: int) -> None:
    counts: Counter[FaultKind] = Counter()
    broken = []
    for seed in range(first, first + 10):
        verdict = lived(seed)
        counts.update(verdict.faults)
        broken += [(seed, verdict.violation)] if verdict.violation else []
    assert broken == []
    assert [kind for kind in FaultKind if not counts[kind]] == []


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_what_once_broke_a_promise_does_not_any_more(seed: int) -> None:
    assert lived(seed).violation is None


def test_a_world_without_faults_has_none() -> None:
    verdict = lived(1, FaultPlan(kinds=frozenset()))
    assert (verdict.violation, sum(verdict.faults.values()), verdict.crashes) == (None, 0, 0)
    assert verdict.fills > 20


def test_the_same_seed_is_the_same_world_in_every_process() -> None:
    digests = set()
    for hash_seed in HASH_SEEDS:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", DIGEST]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_different_seeds_are_different_worlds() -> None:
    assert lived(1).digest != lived(2).digest
