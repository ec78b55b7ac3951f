"""How an instant is said: by the clock of whoever reads it, with its zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from nightbell.core import instants

AT = datetime(2026, 11, 23, 1, 19, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def test_an_instant_has_its_zone_and_its_day() -> None:
    assert instants.said(AT, BERLIN) == "02:19 (Europe/Berlin) on Mon 23 Nov 2026"
    assert instants.dated(AT, BERLIN) == "Mon 23 Nov 2026, 02:19 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T01:19Z", AT),
        ("2026-11-23T02:19:00+01:00", AT),
        ("2026-11-23T01:19:00.250000000Z", AT + timedelta(milliseconds=250)),
    ],
)
def test_x15_an_instant_is_read_with_its_offset_and_a_day_from_its_start(text: str, at: datetime) -> None:
    assert instants.read(text) == at
    assert instants.read(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "1764028800", "2026-11-23T10:00:00", "2026-11-23 10:00:00Z", "20261123T100000Z", "2026-W48-1"),
        *(
            "2026-02-30",
            "2026-11-23T24:00Z",
            "2026-11-23T10:00:60Z",
            "2026-11-23T10:00Z\n",
            " 2026-11-23",
            "0000-01-01",
        ),
        *("٢٠٢٦-11-23", "2026-11-23T10:00:00+24:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_x15_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must be|is not) an instant"):
        instants.read(text)


@pytest.mark.parametrize("offset", [timedelta(), timedelta(hours=9), timedelta(hours=-8)])
def test_an_instant_is_the_same_in_whatever_zone_it_comes(offset: timedelta) -> None:
    come = AT.astimezone(timezone(offset))
    assert instants.said(come, BERLIN, known=come) == instants.said(AT, BERLIN, known=AT) == "02:19 (Europe/Berlin)"
    assert instants.dated(come, BERLIN) == instants.dated(AT, BERLIN)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "02:19 (Europe/Berlin)"),
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "02:19 (Europe/Berlin) on Mon 23 Nov 2026"),
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), "02:19 (Europe/Berlin)"),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "02:19 (Europe/Berlin) on Mon 23 Nov 2026"),
        (datetime(2025, 11, 23, 1, 19, tzinfo=UTC), "02:19 (Europe/Berlin) on Mon 23 Nov 2026"),
    ],
    ids=["as the day begins", "a minute before", "as it ends", "a minute after", "a year before"],
)
def test_the_day_is_left_out_where_the_reader_knows_it_by_their_own_calendar(known: datetime, words: str) -> None:
    assert instants.said(AT, BERLIN, known) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/Los_Angeles", "Sun 22 Nov 2026, 17:19 (America/Los_Angeles)"),
        ("Asia/Kathmandu", "Mon 23 Nov 2026, 07:04 (Asia/Kathmandu)"),
        ("UTC", "Mon 23 Nov 2026, 01:19 (UTC)"),
    ],
)
def test_an_instant_is_read_off_the_clock_of_the_zone(zone: str, words: str) -> None:
    assert instants.dated(AT, zone) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), "01:59 (Europe/Berlin)"),
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), "02:00 (Europe/Berlin, UTC+02:00)"),
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), "02:59 (Europe/Berlin, UTC+02:00)"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "02:00 (Europe/Berlin, UTC+01:00)"),
        (datetime(2026, 10, 25, 1, 59, tzinfo=UTC), "02:59 (Europe/Berlin, UTC+01:00)"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), "03:00 (Europe/Berlin)"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59 (Europe/Berlin)"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00 (Europe/Berlin)"),
    ],
)
def test_only_the_hour_that_comes_twice_says_which_one(at: datetime, words: str) -> None:
    assert instants.said(at, BERLIN, known=at) == words


def test_an_offset_behind_utc_and_off_the_hour_is_said_whole() -> None:
    twice = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert instants.said(twice, "America/St_Johns", known=twice) == "01:30 (America/St_Johns, UTC-02:30)"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../../etc/passwd", "Europe/\0", "é" * 300])
def test_a_zone_that_does_not_exist_is_utc_and_is_called_so(zone: str) -> None:
    assert instants.said(AT, zone) == "01:19 (UTC) on Mon 23 Nov 2026"


def test_a_day_has_no_leading_zero_and_an_hour_has_one() -> None:
    assert instants.dated(datetime(2026, 11, 1, 8, 5, tzinfo=UTC), BERLIN) == "Sun 1 Nov 2026, 09:05 (Europe/Berlin)"


def test_every_day_and_month_has_its_english_name() -> None:
    days = [instants.dated(AT + timedelta(days=days), "UTC").split()[0] for days in range(7)]
    assert days == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    months = [instants.dated(datetime(2026, month, 1, tzinfo=UTC), "UTC").split()[2] for month in range(1, 13)]
    assert months == ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, minutes=30), "1 h 30 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_length_is_said_as_roughly_as_it_matters(length: timedelta, words: str) -> None:
    assert instants.span(length) == words
