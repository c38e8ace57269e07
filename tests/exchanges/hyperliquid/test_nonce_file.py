"""No nonce comes twice: not after a crash between write and use, a torn write, or a set clock."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ConfigError, ExchangeError
from nimbus_tui.exchanges.hyperliquid import nonce_file
from nimbus_tui.exchanges.hyperliquid.nonce_file import (
    STRIDE_MS,
    STRIDE_NONCES,
    NonceFile,
    SignerNonces,
    nonce_path,
)
from nimbus_tui.exchanges.hyperliquid.nonces import MOST_AHEAD_MS

MS = 1_000_000
START = 1_790_000_000_000
HOUR = 3_600_000
ADDRESS = "0x14791697260E4c9A71f18484C9f997B308e59325"


def at(ms: int) -> Callable[[], int]:
    return lambda: ms * MS


def on_disk(path: Path) -> int:
    """The mark that a process would find which starts after a power loss right now."""
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    opened = NonceFile(copy)
    opened.close()
    return opened.mark


def test_the_file_is_named_after_the_address_however_it_is_written(tmp_path: Path) -> None:
    assert nonce_path(tmp_path, ADDRESS) == tmp_path / f"{ADDRESS.lower()}.nonce"
    with pytest.raises(ConfigError, match="not an address"):
        nonce_path(tmp_path, "../../etc/passwd")


def test_a_new_key_starts_at_the_clock(tmp_path: Path) -> None:
    file = NonceFile(tmp_path / "keys" / "a.nonce")
    assert file.mark == 0
    assert file.nonces(at(START)).take() == START
    file.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.nonce"
    NonceFile(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_minute_of_orders_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = NonceFile(tmp_path / "a.nonce")
    writes = []
    monkeypatch.setattr(nonce_file.os, "fsync", lambda handle: writes.append(handle))
    clock = [START]
    nonces = file.nonces(lambda: clock[0] * MS)
    for second in range(180):
        clock[0] = START + second * 1000
        for _ in range(5):
            nonces.take()
    file.close()
    assert len(writes) == 3


def test_crashing_again_and_again_does_not_run_away_from_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    for _ in range(100):
        file = NonceFile(path)
        nonce = file.nonces(at(START)).take()
        file.close()
    assert nonce - START <= STRIDE_MS + 100 * (STRIDE_NONCES + 1)
    assert STRIDE_MS + 100 * STRIDE_NONCES < MOST_AHEAD_MS // 100


def test_what_is_too_far_ahead_is_said_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    file = NonceFile(path)
    file.nonces(at(START + 2 * MOST_AHEAD_MS)).take()
    mark = file.mark
    with pytest.raises(ExchangeError, match="behind the last nonce"):
        file.nonces(at(START)).take()
    assert file.mark == mark
    file.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-5 * HOUR, 5 * HOUR),  # the clock is set
            st.sampled_from(["goes on", "is killed", "crashes after the write"]),
            st.integers(0, 20),  # nonces that are taken
        ),
        max_size=15,
    )
)
def test_no_nonce_comes_twice_whatever_clock_restarts_and_crashes_do(
    steps: list[tuple[int, str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.nonce"
        clock = [START]
        file = NonceFile(path)
        nonces = file.nonces(lambda: clock[0] * MS)
        taken: list[int] = []
        for step, happens, count in steps:
            # Within what the venue takes; the refusal beyond it has a test of its own.
            clock[0] = min(max(clock[0] + step, START - 5 * HOUR), START + 5 * HOUR)
            if happens != "goes on":
                if happens == "crashes after the write":
                    nonces.take()
                file.close()
                file = NonceFile(path)
                nonces = file.nonces(lambda: clock[0] * MS)
            for _ in range(count):
                taken.append(nonces.take())
                assert on_disk(path) >= taken[-1]
        file.close()
    assert taken == sorted(set(taken))
    assert all(nonce - START < MOST_AHEAD_MS // 2 for nonce in taken)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 96), st.integers(1, 5), st.booleans())
def test_a_write_that_power_loss_tears_forgets_nothing_that_was_given_out(
    torn_at: int, raises: int, zeros: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.nonce"
        file = NonceFile(path)
        given_out = 0
        for number in range(raises):
            given_out = file.nonces(at(START + number * HOUR)).take()
        before = path.read_bytes()
        file.nonces(at(START + raises * HOUR)).take()
        after = path.read_bytes()
        file.close()
        middle = b"\0" * (len(after) - torn_at) if zeros else before[torn_at:]
        changed = [i for i in range(len(after)) if after[i] != before[i]]
        torn = bytearray(before)
        for place in changed:
            torn[place] = (after[:torn_at] + middle)[place]
        path.write_bytes(bytes(torn))
        again = NonceFile(path)
        assert again.mark >= given_out
        assert again.nonces(at(START)).take() > given_out
        again.close()


def test_a_first_write_that_was_cut_off_is_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    NonceFile(path).close()
    path.write_bytes(path.read_bytes()[:40])
    file = NonceFile(path)
    assert file.mark == 0
    assert file.nonces(at(START)).take() == START
    file.close()


def test_a_mark_whose_digits_were_changed_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    file = NonceFile(path)
    nonce = file.nonces(at(START)).take()
    file.close()
    mark = str(file.mark).encode()
    path.write_bytes(path.read_bytes().replace(mark, b"9" * len(mark)))
    again = NonceFile(path)
    assert again.mark == 0
    assert again.nonces(at(START + 1)).take() == nonce + 1
    again.close()


def test_a_damaged_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    path.write_bytes(b"x" * 96)
    with pytest.raises(ExchangeError, match=r"a\.nonce is damaged.*delete the file"):
        NonceFile(path)
    path.unlink()
    NonceFile(path).close()


def test_a_disk_that_fails_signs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = NonceFile(tmp_path / "a.nonce")
    nonces = file.nonces(at(START))

    def fails(handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(nonce_file.os, "fsync", fails)
        with pytest.raises(ExchangeError, match=r"Input/output error.*no action is signed"):
            nonces.take()
        assert nonces.last == 0
    assert nonces.take() == START
    file.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file, no folder")
    with pytest.raises(ExchangeError, match="can't be opened"):
        NonceFile(tmp_path / "keys" / "a.nonce")


def test_a_closed_file_gives_no_more_beyond_its_mark(tmp_path: Path) -> None:
    file = NonceFile(tmp_path / "a.nonce")
    nonces = file.nonces(at(START))
    file.close()
    file.close()
    with pytest.raises(ExchangeError, match="can't be written"):
        nonces.take()


HOLDER = """
import sys, time
from pathlib import Path
from nimbus_tui.exchanges.hyperliquid.nonce_file import NonceFile
file = NonceFile(Path(sys.argv[1]))
nonces = file.nonces(time.time_ns)
for _ in range(100):
    last = nonces.take()
print(last, flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_by_name_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / f"{ADDRESS.lower()}.nonce"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        last = int(holder.stdout.readline())
        with pytest.raises(
            ConfigError, match=rf"{ADDRESS.lower()}.*in use by process {holder.pid}"
        ):
            NonceFile(path)
        with pytest.raises(ConfigError, match="approve an agent key of its own for each engine"):
            NonceFile(path)
        holder.send_signal(signal.SIGKILL)
    file = NonceFile(path)
    # Even on a clock that was set back by an hour meanwhile.
    assert file.nonces(at(last - HOUR)).take() > last
    file.close()


def test_in_one_process_too_a_key_has_one_counter(tmp_path: Path) -> None:
    path = tmp_path / "a.nonce"
    file = NonceFile(path)
    with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        NonceFile(path)
    file.close()
    NonceFile(path).close()


def test_two_accounts_of_one_key_share_its_counter_until_both_are_closed(tmp_path: Path) -> None:
    shared = SignerNonces(tmp_path, at(START))
    one, other = shared.open(ADDRESS), shared.open(ADDRESS)
    assert one is other
    assert len({one.take(), other.take(), one.take()}) == 3
    shared.close(ADDRESS)
    with pytest.raises(ConfigError, match="in use"):
        SignerNonces(tmp_path, at(START)).open(ADDRESS)
    last = one.take()
    shared.close(ADDRESS)
    again = SignerNonces(tmp_path, at(START))
    assert again.open(ADDRESS).take() > last
    again.close(ADDRESS)
