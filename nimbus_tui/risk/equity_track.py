"""A bot's equity over time: its peak, where the day began and the last 24 hours, in bounded memory.

All equities here are without transfers: what was brought in is subtracted, so that a deposit is no
gain and a withdrawal no loss. Percentages are of what was there with transfers in.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND

DAY_NS = 86_400 * NS_PER_SECOND
BUCKET_NS = 300 * NS_PER_SECOND
"""The last equity of each five minutes is kept: 24 hours are at most 290 points."""


class Point(msgspec.Struct, frozen=True, array_like=True):
    """An equity that held at a time (ns)."""

    ts: int
    equity: Decimal


class EquityTrack(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of an equity curve; made by `began`, moved on by `observed`."""

    origin: str
    """Where the marks come from; another one makes the windows mixed."""
    first: Point
    """The starting equity and when it began."""
    last: Point
    peak: Decimal
    day: Point
    """The equity at the day's start; `ts` is that start, or when the track began."""
    points: tuple[Point, ...]
    """The last equity of each bucket that has ended, oldest first, over 24 hours."""
    mixed_since: int | None = None
    """When an equity of another origin came; what is older doesn't compare with it."""
    peak_is_mixed: bool = False
    """Whether the peak may be of another origin; only a reset clears it."""


def began(equity: Decimal, now_ns: int, origin: str, day_start_ns: int = 0) -> EquityTrack:
    """A track that starts: the starting equity is its first peak."""
    point = Point(now_ns, equity)
    return EquityTrack(
        origin=origin,
        first=point,
        last=point,
        peak=equity,
        day=Point(max(day_began(now_ns, day_start_ns), now_ns), equity),
        points=(),
    )


def observed(
    track: EquityTrack,
    equity: Decimal,
    now_ns: int,
    *,
    origin: str,
    day_start_ns: int = 0,
    highest: Decimal | None = None,
) -> EquityTrack:
    """The track after an equity; `highest` is the most it has been since the last one.

    An earlier time than the last one's counts as that one.
    """
    now_ns = max(now_ns, track.last.ts)
    mixed = origin != track.origin
    day = day_point(track, now_ns, day_start_ns)
    if day != track.day and now_ns - day.ts < NS_PER_SECOND:
        # Looked at as the day begins: this is nearer to it than what was seen last.
        day = Point(day.ts, equity)
    return msgspec.structs.replace(
        track,
        origin=origin,
        last=Point(now_ns, equity),
        peak=max(track.peak, equity, highest if highest is not None else equity),
        day=day,
        points=_kept(track, now_ns),
        mixed_since=now_ns if mixed else track.mixed_since,
        peak_is_mixed=track.peak_is_mixed or mixed,
    )


def _kept(track: EquityTrack, now_ns: int) -> tuple[Point, ...]:
    """The points once a new bucket has begun; the newest from before the window stays."""
    if now_ns // BUCKET_NS == track.last.ts // BUCKET_NS:
        return track.points
    points = (*track.points, track.last)
    edge = now_ns - DAY_NS
    older = sum(1 for point in points if point.ts <= edge)
    return points[max(0, older - 1) :]


def with_peak_reset(track: EquityTrack, now_ns: int) -> EquityTrack:
    """The operator's word: the drawdown begins anew at the newest equity."""
    return msgspec.structs.replace(
        track, peak=track.last.equity, peak_is_mixed=False, last=Point(now_ns, track.last.equity)
    )


def day_began(now_ns: int, day_start_ns: int) -> int:
    """When the day began that a time belongs to, for days that start so long after midnight UTC."""
    return (now_ns - day_start_ns) // DAY_NS * DAY_NS + day_start_ns


def day_point(track: EquityTrack, now_ns: int, day_start_ns: int) -> Point:
    """What held when the day began, or when the track began if that is later.

    Where nothing was seen at that moment it is the last that was known by then.
    """
    begin = day_began(now_ns, day_start_ns)
    return Point(begin, track.last.equity) if begin > track.day.ts else track.day


def day_ago(track: EquityTrack, now_ns: int) -> Point | None:
    """What held 24 hours ago, or when the track began if that is later; None if not known."""
    edge = now_ns - DAY_NS
    if track.first.ts >= edge:
        return track.first
    known = [point for point in (*track.points, track.last) if point.ts <= edge]
    return known[-1] if known else None


def is_mixed(track: EquityTrack, since_ns: int) -> bool:
    """Whether equities since a time come from different places."""
    return track.mixed_since is not None and track.mixed_since > since_ns
