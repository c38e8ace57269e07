"""`simulate`: its JSON, its exit codes, and the command that repeats a failure."""

import json

import pytest
from typer.testing import CliRunner

from nimbus_tui.cli.main import app
from nimbus_tui.simulation.faults import FaultKind
from tests.simulation.mutants import a_time_out_is_a_refusal


def test_the_report_is_one_json_document_with_every_kind_of_fault() -> None:
    done = CliRunner().invoke(app, ["simulate", "--seeds", "2", "--json"])
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (report["seeds"], report["failures"]) == (2, [])
    assert list(report["faults"]) == [kind.value for kind in FaultKind]
    assert report["fills"] > 0


def test_a_failure_exits_with_1_and_its_command_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    a_time_out_is_a_refusal(monkeypatch)
    first = CliRunner().invoke(app, ["simulate", "--seed", "3", "--ticks", "60", "--json"])
    assert first.exit_code == 1
    invariant = json.loads(first.stdout)["failures"][0]["invariant"]
    again = next(line for line in first.stderr.splitlines() if line.startswith("again: "))
    words = again.removeprefix("again: nimbus-tui ").replace("'", "").split()
    second = CliRunner().invoke(app, [*words, "--json"])
    assert second.exit_code == 1
    assert json.loads(second.stdout)["failures"][0]["invariant"] == invariant
    assert "--faults" in words


def test_an_unknown_fault_is_a_usage_error_that_names_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = CliRunner().invoke(app, ["simulate", "--faults", "nope"])
    assert done.exit_code == 2
    assert "request_lost" in capsys.readouterr().err + done.output
