"""The config file is the old one or the new one, and nobody's edit is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.config.saving import backup_of, read, save
from nimbus_tui.control.config_change import text_hash

OLD, NEW = "# old\n[a]\nx = 1\n", "# new\n[a]\nx = 2\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "bots.toml"
    file.write_text(OLD)
    return file


def test_what_is_read_says_whether_it_is_what_runs(path: Path) -> None:
    now = read(path, OLD)
    assert (now.text, now.path, now.hash, now.trouble) == (OLD, str(path), text_hash(OLD), "")
    assert now.running_hash == now.hash
    path.write_text(NEW)
    assert read(path, OLD).hash == text_hash(NEW) != read(path, OLD).running_hash


def test_a_save_replaces_the_file_and_keeps_the_last_one(path: Path) -> None:
    path.chmod(0o640)
    assert save(path, NEW, text_hash(OLD)) == ""
    assert (path.read_text(), backup_of(path).read_text()) == (NEW, OLD)
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in path.parent.iterdir()) == ["bots.toml", "bots.toml.bak"]
    assert save(path, OLD, text_hash(NEW)) == ""
    assert backup_of(path).read_text() == NEW


def test_what_somebody_wrote_meanwhile_is_not_overwritten(path: Path) -> None:
    path.write_text("mine")
    refusal = save(path, NEW, text_hash(OLD))
    assert refusal.startswith(f"{path} has been edited meanwhile")
    assert path.read_text() == "mine"
    assert not backup_of(path).exists()


def test_of_two_editors_of_one_text_the_second_is_told(path: Path) -> None:
    first, second = read(path, OLD), read(path, OLD)
    assert save(path, NEW, first.hash) == ""
    assert "has been edited meanwhile" in save(path, "third", second.hash)
    assert path.read_text() == NEW


def test_a_file_that_is_gone_is_written_anew_by_who_knows_that(path: Path) -> None:
    before = read(path, OLD)
    path.unlink()
    assert "has been removed meanwhile" in save(path, NEW, before.hash)
    now = read(path, OLD)
    assert (now.text, now.hash) == (OLD, "")
    assert "there is no such file" in now.trouble
    assert save(path, NEW, now.hash) == ""
    assert path.read_text() == NEW


def test_a_file_that_can_not_be_read_is_not_replaced(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    now = read(path, OLD)
    assert "not UTF-8" in now.trouble
    assert "not UTF-8" in save(path, NEW, text_hash(OLD))
    assert path.read_bytes() == b"\xff\xfe\x00"


def test_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.toml"
    link.parent.mkdir()
    link.symlink_to(path)
    assert save(link, NEW, text_hash(OLD)) == ""
    assert link.is_symlink()
    assert path.read_text() == NEW


def test_a_folder_that_can_not_be_written_leaves_the_file(path: Path, tmp_path: Path) -> None:
    gone = tmp_path / "nowhere" / "bots.toml"
    assert "can't be written" in save(gone, NEW, "")
    assert "longer than" in save(path, "x" * 1_000_001, text_hash(OLD))
    assert path.read_text() == OLD


SAVER = """
import sys
from pathlib import Path
from nimbus_tui.config.saving import save
from nimbus_tui.control.config_change import text_hash
path, first, second = Path(sys.argv[1]), "a" * 900_000, "b" * 900_000
print("ready", flush=True)
while True:
    for old, new in ((first, second), (second, first)):
        assert save(path, new, text_hash(old)) == ""
"""


def test_a_kill_in_the_middle_leaves_a_whole_file(path: Path) -> None:
    whole = {"a" * 900_000, "b" * 900_000}
    for delay in range(6):
        path.write_text("a" * 900_000)
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(path)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            before = path.stat().st_ino
            saves = 0
            while saves <= delay:  # after so many saves, wherever the next one is then
                saves += path.stat().st_ino != before
                before = path.stat().st_ino
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert path.read_text() in whole
        assert backup_of(path).read_text() in whole
