"""What a notice says."""

from datetime import UTC, datetime

import pytest

from nightbell.core import notice

URL = "https://pager.example.com/incidents/42"
STARTS = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
ENDS = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TOOK_OVER = notice.TookOver(notice.Kind.OWNER_DISPLACED, 42, "DB pool exhausted", "Cy Vega", "Bo Lind", URL)


def moved(kind: notice.Kind) -> notice.ShiftMoved:
    return notice.ShiftMoved(kind, "Platform", "Cy Vega", STARTS, ENDS, "Europe/Berlin", URL)


def test_a_displaced_owner_hears_who_gave_it_to_whom_and_that_nothing_is_asked_of_them() -> None:
    subject, text = notice.say(TOOK_OVER)
    assert subject == "[#42] Bo Lind took over: DB pool exhausted"
    assert text == (
        "Cy Vega handed incident #42, DB pool exhausted, to Bo Lind. "
        "You are no longer its owner, and nothing is asked of you.\n"
        "\n"
        f"{URL}\n"
    )


def test_a_displaced_acknowledger_hears_that_they_are_not_on_it_any_more() -> None:
    told = notice.TookOver(notice.Kind.ACKNOWLEDGER_DISPLACED, 42, "DB pool exhausted", "Cy Vega", "Bo Lind", URL)
    subject, text = notice.say(told)
    assert subject == "[#42] Bo Lind took over: DB pool exhausted"
    assert "You are no longer the one who is on it, and nothing is asked of you." in text
    assert "owner" not in text


def test_who_takes_a_shift_hears_from_when_until_when_in_their_zone() -> None:
    assert notice.say(moved(notice.Kind.SHIFT_TAKEN)) == (
        "You are on call: Platform",
        (
            "Cy Vega changed Platform. You are on call from 18:00 (Europe/Berlin) on Mon 23 Nov 2026 "
            "until 09:00 (Europe/Berlin) on Tue 24 Nov 2026.\n"
            "\n"
            f"{URL}\n"
        ),
    )


def test_who_loses_a_shift_hears_that_somebody_else_has_it() -> None:
    assert notice.say(moved(notice.Kind.SHIFT_LOST)) == (
        "Somebody else is on call: Platform",
        (
            "Cy Vega changed Platform. Somebody else is on call instead of you from 18:00 (Europe/Berlin) "
            "on Mon 23 Nov 2026 until 09:00 (Europe/Berlin) on Tue 24 Nov 2026.\n"
            "\n"
            f"{URL}\n"
        ),
    )


def test_hours_without_anybody_are_listed_one_a_line_by_the_name_of_the_schedule() -> None:
    gaps = (("Platform", STARTS, ENDS), ("Payments", ENDS, ENDS.replace(hour=9)))
    subject, text = notice.say(notice.Uncovered(gaps, "Europe/Berlin", URL))
    assert subject == "Nobody is on call at some hours of the next two weeks"
    assert text.splitlines() == [
        "In these hours nobody is on call, and a layer that pages one of these schedules is skipped:",
        "",
        "- Platform: from 18:00 (Europe/Berlin) on Mon 23 Nov 2026 until 09:00 (Europe/Berlin) on Tue 24 Nov 2026",
        "- Payments: from 09:00 (Europe/Berlin) on Tue 24 Nov 2026 until 10:00 (Europe/Berlin) on Tue 24 Nov 2026",
        "",
        URL,
    ]


@pytest.mark.parametrize(
    "told", [TOOK_OVER, moved(notice.Kind.SHIFT_TAKEN), notice.Uncovered((("Platform", STARTS, ENDS),), "UTC", URL)]
)
def test_every_notice_ends_with_where_to_look(told: notice.Told) -> None:
    assert notice.say(told)[1].endswith(f"\n\n{URL}\n")
