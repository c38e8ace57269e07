"""When a DCA slot is due: every so long from a start, or by a cron expression in a time zone.

Due times are whole seconds, so that a slot's key, which is its due time, names one slot only.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from cronsim import CronSim, CronSimError

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import OrderKey

PREFIX = "dca/"
NEWEST_KEPT = 200
"""How many of the overdue slots are named one by one; older ones are only counted."""
MOST_COUNTED = 50_000
"""How many overdue slots of a cron expression are counted; each costs some 50 µs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_NS = 86_400 * NS_PER_SECOND
_LOOK_BACK_DAYS = (1, 32, 400)
_CRON_FIELDS = 5


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The due times of a bot, none before `start_at`; exactly one of `every` and `cron` is set."""

    start_at: int
    """ns since the epoch, a whole second."""
    every: int | None = None
    """ns between two slots: slot n is due at start_at + n × every."""
    cron: str = ""
    timezone: str = "UTC"

    def first_after(self, ts: int) -> int | None:
        """The first due time later than `ts`; None where a cron expression has no more."""
        if ts < self.start_at and self.every is not None:
            return self.start_at
        if self.every is not None:
            return ts + self.every - (ts - self.start_at) % self.every
        return _first_by_cron(self, max(ts, self.start_at - NS_PER_SECOND))

    def after(self, ts: int, count: int) -> tuple[int, ...]:
        """The first due times later than `ts`."""
        if self.every is None:
            return tuple(islice(_by_cron(self, max(ts, self.start_at - NS_PER_SECOND)), count))
        first = self.first_after(ts) or 0
        return tuple(first + n * self.every for n in range(count))


class Overdue(msgspec.Struct, frozen=True):
    """Slots that have fallen due: how many, and the newest of them, oldest first."""

    count: int = 0
    newest: tuple[int, ...] = ()


@lru_cache(maxsize=64)
def schedule_of(interval: str, timezone: str, start_at: int) -> Schedule:
    """The schedule that an interval means.

    Raises:
        ConfigError: it is neither a length of time nor a cron expression, or the zone is unknown.
    """
    time_zone(timezone)
    if len(interval.split()) < _CRON_FIELDS:
        return Schedule(start_at=start_at, every=_every(interval), timezone=timezone)
    if len(interval.split()) > _CRON_FIELDS:
        raise ConfigError(
            f'{interval!r} has more than the five fields of a cron expression; write "0 9 * * mon"'
        )
    try:
        CronSim(interval, _EPOCH)
    except CronSimError as error:
        fault = str(error).replace("Bad ", "bad ")
        raise ConfigError(
            f"{interval!r} is not a cron expression ({fault}); "
            'write minute hour day month weekday, like "0 9 * * mon"'
        ) from error
    return Schedule(start_at=start_at, cron=interval, timezone=timezone)


def _every(interval: str) -> int:
    try:
        return parse_duration(interval)
    except ConfigError as error:
        raise ConfigError(
            f"{interval!r} is neither a length of time (15m, 24h, 7d) "
            'nor a cron expression ("0 9 * * mon")'
        ) from error


@lru_cache(maxsize=16)
def time_zone(name: str) -> tzinfo:
    """A time zone by its name, like Europe/Berlin.

    Raises:
        ConfigError: there is none of that name, or this machine knows none at all.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        if not available_timezones():
            raise ConfigError(
                f"the time zone {name!r} can't be looked up: this machine has no time zone data; "
                "install the package tzdata, or leave timezone out for UTC"
            ) from error
        raise ConfigError(
            f"there is no time zone {name!r}; write one like Europe/Berlin, or UTC"
        ) from error


def whole_second(ts: int) -> int:
    """The beginning of a second, in ns."""
    return ts - ts % NS_PER_SECOND


def instant(moment: datetime, timezone: str) -> int:
    """A date and time in ns, to the second; without an offset it is one of the time zone.

    Raises:
        ConfigError: the time zone is unknown.
    """
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=time_zone(timezone))
    return (aware - _EPOCH) // timedelta(seconds=1) * NS_PER_SECOND


def overdue(schedule: Schedule, after: int, until: int) -> Overdue:
    """The slots due later than `after`, up to and with `until`."""
    if schedule.every is None:
        return _overdue_by_cron(schedule, after, until)
    first = schedule.first_after(after)
    if first is None or first > until:
        return Overdue()
    count = (until - first) // schedule.every + 1
    kept = range(max(0, count - NEWEST_KEPT), count)
    return Overdue(count, tuple(first + n * schedule.every for n in kept))


def _overdue_by_cron(schedule: Schedule, after: int, until: int) -> Overdue:
    count, newest = _counted(schedule, after, until)
    if count < MOST_COUNTED:
        return Overdue(count, newest)
    for days in _LOOK_BACK_DAYS:
        _, newer = _counted(schedule, max(after, until - days * _DAY_NS), until)
        if newer:
            return Overdue(count, newer)
    return Overdue(count, newest)


def _counted(schedule: Schedule, after: int, until: int) -> tuple[int, tuple[int, ...]]:
    newest: deque[int] = deque(maxlen=NEWEST_KEPT)
    count = 0
    for due in islice(_by_cron(schedule, after), MOST_COUNTED):
        if due > until:
            break
        newest.append(due)
        count += 1
    return count, tuple(newest)


@lru_cache(maxsize=256)
def _first_by_cron(schedule: Schedule, after: int) -> int | None:
    return next(_by_cron(schedule, after), None)


def _by_cron(schedule: Schedule, after: int) -> Iterator[int]:
    """Due times in rising order.

    Where the clocks go back, an hour of the day happens twice; a time that is named happens in the
    first of them only. Where they go forward, one that doesn't exist moves to the hour's end.
    """
    last = max(after, schedule.start_at - NS_PER_SECOND)
    begin = datetime.fromtimestamp(last // NS_PER_SECOND, time_zone(schedule.timezone))
    for moment in CronSim(schedule.cron, begin):
        due = (moment - _EPOCH) // timedelta(seconds=1) * NS_PER_SECOND
        if due > last:
            last = due
            yield due


def slot_key(due: int, part: int = 1) -> OrderKey:
    """E.g. `dca/2026-11-22T09:00Z`, or `dca/2026-11-22T09:00:30Z/p2`."""
    moment = _EPOCH + timedelta(seconds=due // NS_PER_SECOND)
    text = moment.strftime("%Y-%m-%dT%H:%M:%SZ" if moment.second else "%Y-%m-%dT%H:%MZ")
    return OrderKey(f"{PREFIX}{text}" if part == 1 else f"{PREFIX}{text}/p{part}")


def part_of(key: OrderKey) -> int:
    """The number of the part in a slot's key."""
    parts = key.split("/")[2:]
    return int(parts[0].removeprefix("p")) if parts else 1


def due_of(key: OrderKey | None) -> int | None:
    """The due time in a slot's key; None for the keys of other orders."""
    if key is None or not key.startswith(PREFIX):
        return None
    moment = datetime.fromisoformat(key.split("/")[1])
    return (moment - _EPOCH) // timedelta(seconds=1) * NS_PER_SECOND
