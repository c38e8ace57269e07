"""A shared file that is damaged, can't be used or is held: requests go on, and it is said once."""

import fcntl
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.exchanges.net.ledgers import SetClock, path_in, process


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Locked by a process that does not go on."""
    with path.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def unwritable_files() -> Iterator[None]:
    """The system refuses to write to any file, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def torn(content: bytes) -> bytes:
    return content[:-40]


def flipped(content: bytes) -> bytes:
    return content[:20] + bytes([content[20] ^ 1]) + content[21:]


def of_another_version(content: bytes) -> bytes:
    return b"SPENT 9\n" + content[8:] + b"and more"


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


@pytest.mark.parametrize("harm", [torn, flipped, of_another_version, zeroed])
def test_a_damaged_file_is_started_anew_with_what_is_known_and_that_is_said_once(
    harm: Callable[[bytes], bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(60)
    path = path_in(tmp_path)
    path.write_bytes(harm(path.read_bytes()))
    assert one.spent == 60
    assert one.try_take(10)
    assert process(tmp_path, clock).spent == 70
    path.write_bytes(harm(path.read_bytes()))
    assert one.try_take(10)
    assert process(tmp_path, clock).spent == 80
    assert caplog.messages == [f"{path} is damaged or of another version: it is started anew"]


def test_a_damaged_file_stops_no_process_that_starts(tmp_path: Path) -> None:
    clock = SetClock()
    assert process(tmp_path, clock).try_take(80)
    path_in(tmp_path).write_bytes(b"\xff" * 5000)
    assert process(tmp_path, clock).try_take(80)
    assert process(tmp_path, clock).spent == 80


def test_a_file_that_is_removed_is_written_again_with_what_is_known(tmp_path: Path) -> None:
    clock = SetClock()
    one, other = process(tmp_path, clock), process(tmp_path, clock)
    assert one.try_take(60)
    one.penalise(5)
    path_in(tmp_path).unlink()
    path_in(tmp_path).parent.rmdir()
    one.charge(1)
    assert other.spent == 61
    assert not other.try_take(1, urgent=True)


def folder_in_its_place(path: Path) -> None:
    path.mkdir(parents=True)


def file_in_place_of_the_folder(path: Path) -> None:
    path.parent.touch()


def full_disk(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to("/dev/full")


def pipe(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)


HINDRANCES = [folder_in_its_place, file_in_place_of_the_folder, pipe]
if Path("/dev/full").exists():
    HINDRANCES.append(full_disk)


@pytest.mark.parametrize("hinder", HINDRANCES)
def test_who_cannot_use_the_file_goes_on_in_memory_and_says_so_once(
    hinder: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_in(tmp_path)
    hinder(path)
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(50)
    assert one.try_take(30)
    assert not one.try_take(1)
    clock.go(61)
    assert one.try_take(80)
    assert not one.try_take(1)
    told = [message for message in caplog.messages if "not counted" in message]
    assert len(told) == 1
    assert str(path) in told[0]


@contextmanager
def nobody() -> Iterator[Path]:
    """A folder that is to be read only; for root too, who becomes nobody meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        user = os.geteuid()
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)


@pytest.mark.parametrize("is_file_there", [True, False])
def test_what_is_read_only_is_told_and_hinders_nobody(
    is_file_there: bool, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock()
    with nobody() as folder:
        path = path_in(folder)
        path.parent.mkdir()
        if is_file_there:
            path.touch(0o444)
        path.parent.chmod(0o555)
        if os.geteuid() == 0:
            os.seteuid(65534)
        one = process(folder, clock)
        assert one.try_take(80)
        assert not one.try_take(1)
    assert len(caplog.messages) == 1
    assert f"{path} can't be used (Permission denied)" in caplog.messages[0]


def test_what_was_spent_and_forbidden_without_the_file_is_written_once_it_can_be(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(10)
    path = path_in(tmp_path)
    aside = path.rename(path.with_suffix(".aside"))
    path.mkdir()
    clock.go(1)
    one.charge(20)
    path.rmdir()
    aside.rename(path)
    other = process(tmp_path, clock)
    assert other.try_take(30)
    one.penalise(100)
    assert (one.spent, other.spent) == (30, 40)
    clock.go(60)
    assert one.spent == 50  # its 20 count as of now, since nobody knew of them before
    one.charge(1)
    assert other.spent == 51
    assert not other.try_take(1, urgent=True)


def test_while_others_hold_the_file_for_a_moment_nobody_goes_and_nothing_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(10)
    with held(path_in(tmp_path)):
        assert not one.try_take(1, urgent=True)
        one.charge(5)
        assert one.used == 15 / 80
        clock.go(0.8)
        assert not one.try_take(1, urgent=True)
    clock.go(0.3)
    assert one.try_take(1)
    assert process(tmp_path, clock).spent == 16
    assert caplog.records == []


def test_a_file_that_stays_held_is_done_without_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    one.charge(1)
    with held(path_in(tmp_path)):
        assert not one.try_take(1)
        clock.go(0.8)
        assert not one.try_take(1)
        clock.go(0.3)
        assert one.try_take(60)
        clock.go(5)
        assert one.try_take(19)
        assert not one.try_take(1)
    assert process(tmp_path, clock).spent == 1
    clock.go(1)
    assert one.spent == 80
    assert process(tmp_path, clock).spent == 80
    assert len(caplog.messages) == 1
    assert "does not go on" in caplog.messages[0]


def test_moments_apart_in_which_it_is_held_are_not_taken_for_a_long_one(tmp_path: Path) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(1)
    with held(path_in(tmp_path)):
        assert not one.try_take(1)
        clock.go(5)
        assert not one.try_take(1)
        clock.go(1)
        assert one.try_take(1)
    clock.go(5)
    assert one.try_take(1)
    with held(path_in(tmp_path)):
        assert not one.try_take(1)
        clock.go(5)
        assert not one.try_take(1)


def test_who_only_looks_while_it_is_held_has_nothing_to_write_later(tmp_path: Path) -> None:
    one = process(tmp_path, SetClock())
    assert one.try_take(1)
    before = path_in(tmp_path).read_bytes()
    with held(path_in(tmp_path)):
        assert one.spent == 1
    assert one.spent == 1
    assert path_in(tmp_path).read_bytes() == before


def test_what_was_spent_without_the_file_is_written_once_however_often_that_happens(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    for spent in (5, 6, 7):
        one.charge(1)
        with held(path_in(tmp_path)):
            one.charge(spent)
    assert one.spent == 3 + 5 + 6 + 7
    assert process(tmp_path, clock).spent == 3 + 5 + 6 + 7


def test_a_disk_that_fills_up_takes_no_weight_along_and_adds_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(10)
    with held(path_in(tmp_path)):
        one.charge(5)
    with unwritable_files():
        one.charge(7)
        one.charge(2)
        assert one.spent == 24
    clock.go(60)
    assert one.spent == 24
    assert process(tmp_path, clock).spent == 24
    assert "can't be written (File too large)" in caplog.text
