"""The picture of a schedule agrees with who is on call, tiles its window and marks what is odd about it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from nightbell.core import oncall
from nightbell.core.incident import actor
from nightbell.data.reads import on_call, schedules
from nightbell.web.schedules import picture

ANA, BO, CY = (UUID(int=number) for number in (1, 2, 3))
NAMES = {ANA: "Ana Ruiz", BO: "Bo Lind", CY: "Cy Osei"}
FIRST, SECOND = UUID(int=10), UUID(int=11)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def turning(timezone: str) -> oncall.Schedule:
    """Two layers: weekly turns of Ana and Bo, and daily ones of Bo and Cy."""
    weekly = oncall.Rotation(FIRST, 0, 7, time(2, 30), START, None, (ANA, BO))
    daily = oncall.Rotation(SECOND, 1, 1, time(1, 30), START, None, (BO, CY))
    return oncall.Schedule(UUID(int=9), timezone, (weekly, daily))


def override(by: UUID, start: datetime, hours: float, layer_id: UUID | None = None) -> schedules.OverrideRow:
    """Somebody else for some hours."""
    end = start + timedelta(hours=hours)
    return schedules.OverrideRow(UUID(int=start.day), layer_id, by, NAMES[by], start, end, start, actor.SYSTEM)


ROTATIONS = {
    FIRST: picture.Rotation("Weekly\u202e ones", "weekly at 02:30"),
    SECOND: picture.Rotation("Rotation 2", "daily at 01:30"),
}


def draw(
    schedule: oncall.Schedule, first: date, weeks: int = 2, now: datetime = START, *rows: schedules.OverrideRow
) -> picture.Picture:
    """The picture of it, in its own zone."""
    zone = ZoneInfo(schedule.timezone)
    start, end = picture.window(zone, first, weeks)
    overrides = tuple(oncall.Override(row.id, row.user_id, row.starts_at, row.ends_at, row.layer_id) for row in rows)
    schedule = replace(schedule, overrides=overrides)
    layers = {layer.position: layer.id for layer in schedule.layers}
    lines = [
        on_call.Line(at, layers.get(at), oncall.shifts(schedule, at, start, end)) for at in oncall.positions(schedule)
    ]
    summary = schedules.Summary(schedule.id, "Platform", None, schedule.timezone, START, START, 1)
    final = oncall.final(schedule, start, end)
    found = on_call.Timeline(summary, start, end, tuple(lines), final, rows, NAMES)
    return picture.picture(found, ROTATIONS, NAMES, zone, now)


def edges(parts: tuple[picture.Box, ...] | tuple[picture.Day, ...]) -> Iterator[tuple[float, float]]:
    """Where each begins and how wide it is, in per cent."""
    for part in parts:
        yield float(part.x.rstrip("%")), float(part.width.rstrip("%"))


def tiles(parts: tuple[picture.Box, ...] | tuple[picture.Day, ...]) -> bool:
    """Whether they cover the window from its start to its end, each once."""
    at = 0.0
    for x, width in edges(parts):
        if abs(x - at) > 0.001:
            return False
        at = x + width
    return abs(at - 100) < 0.001


@pytest.mark.parametrize("weeks", [1, 2, 4])
@pytest.mark.parametrize(
    ("timezone", "first"),
    [
        ("America/New_York", date(2027, 3, 10)),
        ("America/New_York", date(2026, 10, 28)),
        ("Australia/Lord_Howe", date(2026, 9, 30)),
        ("Africa/Cairo", date(2027, 4, 26)),
        ("America/Havana", date(2026, 10, 28)),
    ],
)
def test_the_boxes_tile_the_window_and_agree_with_who_is_on_call(timezone: str, first: date, weeks: int) -> None:
    schedule = turning(timezone)
    picture = draw(schedule, first, weeks)
    assert tiles(picture.days)
    assert len(picture.days) == 7 * weeks
    assert [row.label for row in picture.rows] == ["On call", "Weekly ones", "Rotation 2"]
    for row, position in zip(picture.rows, (0, 0, 1), strict=True):
        assert tiles(row.boxes)
        for box, (x, width) in zip(row.boxes, edges(row.boxes), strict=True):
            middle = picture.start + (picture.end - picture.start) * ((x + width / 2) / 100)
            (duty,) = [each for each in oncall.on_call(schedule, middle) if each.position == position]
            assert box.words == NAMES[duty.user_id]


@pytest.mark.parametrize(
    ("timezone", "first", "changes"),
    [
        ("America/New_York", date(2027, 3, 10), {14: ("clocks go forward 1 h", "+1 h")}),
        ("America/New_York", date(2026, 10, 28), {1: ("clocks go back 1 h", "−1 h")}),
        ("Australia/Lord_Howe", date(2026, 9, 30), {4: ("clocks go forward 30 min", "+30 min")}),
        ("Antarctica/Troll", date(2026, 3, 25), {29: ("clocks go forward 2 h", "+2 h")}),
        ("Europe/Berlin", date(2026, 6, 1), {}),
    ],
)
def test_days_on_which_clocks_change_are_marked(
    timezone: str, first: date, changes: dict[int, tuple[str, str]]
) -> None:
    picture = draw(turning(timezone), first)
    zone = ZoneInfo(timezone)
    assert {day.at.astimezone(zone).day: (day.change, day.sign) for day in picture.days if day.change} == changes


def test_a_day_that_a_zone_left_out_has_no_column() -> None:
    picture = draw(turning("Pacific/Apia"), date(2011, 12, 26), 1)
    assert tiles(picture.days)
    assert len(picture.days) == 6
    assert [day.sign for day in picture.days if day.change] == ["+24 h"]


def test_gaps_are_drawn_and_told() -> None:
    ends = datetime(2026, 1, 20, 12, tzinfo=UTC)
    ended = oncall.Schedule(
        UUID(int=9), "UTC", tuple(replace(each, effective_until=ends) for each in turning("UTC").layers)
    )
    picture = draw(ended, date(2026, 1, 19))
    assert picture.gaps == ((ends, picture.end),)
    assert [box.kind for box in picture.rows[0].boxes][-1] == "gap"
    assert ("Nobody", "gap", True) in [(turn.who, turn.why, turn.goes_on) for turn in picture.table]


def test_overrides_of_every_scope_are_on_the_row_of_overrides() -> None:
    day = datetime(2026, 1, 8, tzinfo=UTC)
    rows = (
        override(CY, day, 24),
        override(ANA, day + timedelta(hours=36), 12, SECOND),
        override(BO, day + timedelta(days=1), 24),
    )
    picture = draw(turning("UTC"), date(2026, 1, 5), 1, START, *rows[:2], rows[2])
    lanes = [row for row in picture.rows if row.label in {"Overrides", ""} and not row.is_final]
    assert [[box.words for box in row.boxes] for row in lanes] == [["Cy Osei", "Ana Ruiz"], ["Bo Lind"]]
    (first, _), (second, _) = edges(lanes[0].boxes)
    assert (first, round(second, 2)) == (round(300 / 7, 4), round(450 / 7, 2))


def test_a_box_leads_to_the_form_an_override_to_itself_and_the_past_nowhere() -> None:
    row = override(CY, datetime(2026, 1, 8, tzinfo=UTC), 24)
    picture = draw(turning("UTC"), date(2026, 1, 5), 1, datetime(2026, 1, 7, tzinfo=UTC), row)
    final = picture.rows[0].boxes
    assert [(box.words, box.link[:8]) for box in final] == [
        ("Nobody", ""),
        ("Ana Ruiz", "?from=20"),
        ("Cy Osei", "#overrid"),
        ("Ana Ruiz", "?from=20"),
    ]
    assert final[1].link == "?from=2026-01-05T08%3A00%3A00Z&to=2026-01-08T00%3A00%3A00Z"
    daily = picture.rows[-1].boxes
    assert [box.link for box in daily][:2] == ["", ""]
    assert daily[-1].link.endswith(f"&layer={SECOND}")


@pytest.mark.parametrize(("day", "starts"), [(7, "28.5714%"), (10, "4.7619%")])
def test_a_name_stands_clear_of_the_line_of_the_present(day: int, starts: str) -> None:
    picture = draw(turning("UTC"), date(2026, 1, 5), 1, datetime(2026, 1, day, tzinfo=UTC))
    current = picture.rows[0].boxes[1]
    assert (current.x, current.label.x, current.label.text) == ("4.7619%", starts, "Ana Ruiz")


@pytest.mark.parametrize(("weeks", "texts"), [(1, "Bo Lind"), (2, "Bo"), (4, "BL")])
def test_names_are_as_long_as_there_is_room(weeks: int, texts: str) -> None:
    picture = draw(turning("UTC"), date(2026, 2, 2), weeks)
    assert texts in {box.label.text for box in picture.rows[-1].boxes}
