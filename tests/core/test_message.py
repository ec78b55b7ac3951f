"""What a page says, whatever the channel."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightbell.core import message
from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Cause, Severity, Status
from tests.core import builders

FACTS = message.Facts(
    incident_id=UUID("0193e1a2-0000-7000-8000-000000000042"),
    organization="Acme",
    number=42,
    title="DB pool exhausted",
    description=None,
    severity=Severity.CRITICAL,
    status=Status.INVESTIGATING,
    opened_at=datetime(2026, 11, 23, 1, 14, tzinfo=UTC),
    owner="Ana Ruiz",
    recipient="Ana Ruiz",
    timezone="Europe/Berlin",
    reason=Reason.LAYER,
    cause=Cause.OPENED,
    late_seconds=0,
    handed_off_by=None,
    note=None,
    policy_name="Payments",
    position=1,
    layer_count=3,
    round=1,
    next_step=message.NextStep(datetime(2026, 11, 23, 1, 19, tzinfo=UTC), ("Bo Lind",), fallback=False),
    acknowledge_url="https://pager.example.com/a/token",
    view_url="https://pager.example.com/incidents/42",
)
HANDOFF = replace(FACTS, reason=Reason.HANDOFF, cause=None, handed_off_by="Ana Ruiz", note="watch the pool")


def followed_by(*names: str, fallback: bool = False, at: datetime | None = None) -> message.Facts:
    instant = at or datetime(2026, 11, 23, 1, 19, tzinfo=UTC)
    return replace(FACTS, next_step=message.NextStep(instant, names, fallback))


def test_the_subject_says_which_how_bad_and_what() -> None:
    assert message.subject(FACTS) == "[#42] CRITICAL DB pool exhausted"


def test_a_title_with_nothing_visible_still_has_a_subject() -> None:
    assert message.subject(replace(FACTS, title="\u202e\x00 \n")) == "[#42] CRITICAL (no title)"


def test_a_handoff_leads_with_who_the_note_and_how_long_there_is() -> None:
    assert message.lead(HANDOFF) == (
        "Ana Ruiz handed this incident to you: “watch the pool”. Answer by 02:19 (Europe/Berlin) or Bo Lind is paged."
    )


def test_a_note_that_is_a_sentence_gets_no_second_full_stop() -> None:
    lead = message.lead(replace(HANDOFF, note="Try the replica."))
    assert lead.startswith("Ana Ruiz handed this incident to you: “Try the replica.” Answer by")


def test_a_handoff_without_a_note_or_a_next_person_says_so() -> None:
    bare = replace(HANDOFF, note=None, next_step=None)
    assert message.lead(bare) == "Ana Ruiz handed this incident to you. Nobody else will be paged."


def test_a_handoff_by_the_system_names_nightbell() -> None:
    assert message.why(replace(HANDOFF, handed_off_by=None)) == "Nightbell handed this incident to you."


def test_a_handoff_before_an_unnamed_step_reads_as_a_sentence() -> None:
    at = datetime(2026, 11, 23, 1, 19, tzinfo=UTC)
    unnamed = replace(HANDOFF, next_step=message.NextStep(at, (), fallback=True))
    assert message.lead(unnamed).endswith("Answer by 02:19 (Europe/Berlin) or the fallback responders are paged.")


@pytest.mark.parametrize(
    ("reason", "lead"),
    [
        (Reason.LAYER, "You are paged."),
        (Reason.OWNER, "You are paged."),
        (Reason.FALLBACK, "You are paged as the last resort."),
    ],
)
def test_any_other_page_leads_with_what_it_wants(reason: Reason, lead: str) -> None:
    assert message.lead(replace(FACTS, reason=reason)) == lead


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Layer 1 of 3 of Payments."),
        ({"cause": None}, "Layer 1 of 3 of Payments."),
        ({"cause": Cause.TIMEOUT, "position": 2}, "Layer 2 of 3 of Payments: nobody answered in time."),
        ({"cause": Cause.UNREACHABLE}, "Layer 1 of 3 of Payments: nobody paged before could be reached."),
        ({"cause": Cause.ESCALATED}, "Layer 1 of 3 of Payments: it was escalated by hand."),
        ({"cause": Cause.REMOVED}, "Layer 1 of 3 of Payments: the owner left the organization."),
        ({"round": 2, "cause": Cause.TIMEOUT}, "Layer 1 of 3 of Payments, round 2: nobody answered in time."),
        ({"policy_name": None}, "Layer 1 of 3."),
        ({"reason": Reason.OWNER}, "You own this incident. Layer 1 of 3 of Payments."),
        ({"reason": Reason.OWNER, "position": 0, "policy_name": None}, "You own this incident."),
        ({"reason": Reason.HANDOFF, "handed_off_by": "Cy"}, "Cy handed this incident to you."),
        (
            {"reason": Reason.FALLBACK, "cause": Cause.TIMEOUT},
            "Nobody answered: the fallback responders are paged.",
        ),
        (
            {"reason": Reason.FALLBACK, "cause": Cause.UNREACHABLE},
            "Nobody could be reached: the fallback responders are paged.",
        ),
        (
            {"reason": Reason.FALLBACK, "cause": Cause.OPENED},
            "No layer had anybody to page: the fallback responders are paged.",
        ),
    ],
)
def test_the_why_is_in_words(changes: dict[str, object], words: str) -> None:
    assert message.why(replace(FACTS, **changes)) == words  # type: ignore[arg-type]


def test_since_is_absolute_in_the_recipients_zone() -> None:
    assert message.since(FACTS) == "Open since Mon 23 Nov 2026, 02:14 (Europe/Berlin)"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../../etc/passwd", "Europe/\0", "é" * 300])
def test_an_unknown_zone_falls_back_to_utc(zone: str) -> None:
    assert message.since(replace(FACTS, timezone=zone)) == "Open since Mon 23 Nov 2026, 01:14 (UTC)"


def test_the_hour_that_comes_twice_says_which_one() -> None:
    first = replace(FACTS, opened_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    second = replace(FACTS, opened_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert message.since(first) == "Open since Sun 25 Oct 2026, 02:30 (Europe/Berlin, UTC+02:00)"
    assert message.since(second) == "Open since Sun 25 Oct 2026, 02:30 (Europe/Berlin, UTC+01:00)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, None),
        (59, None),
        (60, "This page is 1 min late."),
        (45 * 60 + 10, "This page is 45 min late."),
        (3600, "This page is 1 h 0 min late."),
        (8000, "This page is 2 h 13 min late."),
        (2 * 86_400 - 1, "This page is 47 h 59 min late."),
        (40 * 86_400 + 5, "This page is 40 days late."),
    ],
)
def test_a_late_page_says_how_late(seconds: int, words: str | None) -> None:
    assert message.late(replace(FACTS, late_seconds=seconds)) == words


def test_the_next_person_is_named_with_the_time() -> None:
    assert message.next_step(FACTS) == "Bo Lind is paged at 02:19 (Europe/Berlin) unless someone acknowledges."


def test_no_next_step_says_that_nobody_follows() -> None:
    assert message.next_step(replace(FACTS, next_step=None)) == "Nobody else will be paged."


@pytest.mark.parametrize(
    ("names", "fallback", "start"),
    [
        (("Bo", "Cy"), False, "Bo and Cy are paged at"),
        (("Bo", "Cy", "Di"), False, "Bo, Cy and Di are paged at"),
        (("Bo", "Cy", "Di", "Ed"), False, "Bo, Cy and 2 others are paged at"),
        (("Ana",), True, "Ana (fallback) is paged at"),
        ((), True, "The fallback responders are paged at"),
        ((), False, "The next layer is paged at"),
    ],
)
def test_people_are_listed_in_words(names: tuple[str, ...], fallback: bool, start: str) -> None:
    assert message.next_step(followed_by(*names, fallback=fallback)).startswith(start)


def test_a_step_on_another_day_says_which_day() -> None:
    tomorrow = followed_by("Bo", at=FACTS.opened_at + timedelta(days=1))
    assert message.next_step(tomorrow).startswith("Bo is paged at 02:14 (Europe/Berlin) on Tue 24 Nov 2026 unless")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("two\r\nlines", "two lines"),
        ("a\tb\x0bc\x0cd\u2028e\u2029f\x85g\x1ch", "a b c d e f g h"),
        ("bell\x07 nul\x00 esc\x1b[31m", "bell nul esc[31m"),
        ("\u202egnp.exe \u2066isolated\u2069", "gnp.exe isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("=?UTF-8?Q?=0ABcc:x@y?=", "= ?UTF-8?Q?=0ABcc:x@y?="),
        ("=\x00?utf-8?b?Cg==?=", "= ?utf-8?b?Cg==?="),
        ("see /find?a=?b", "see /find?a=?b"),
        ("👩‍🚀 ünï", "👩‍🚀 ünï"),
    ],
)
def test_text_from_outside_is_made_safe(hostile: str, shown: str) -> None:
    assert message.clean(hostile, 100) == shown


def test_long_text_is_cut() -> None:
    assert message.clean("x" * 101, 100) == "x" * 99 + "…"
    assert message.clean("x" * 100, 100) == "x" * 100


def test_text_may_keep_its_lines_but_only_plain_ones() -> None:
    assert message.clean("\n\none\r\n\ttwo\x00 \u2028three\n", 100, lines=True) == "one\n two\nthree"


@given(st.text(), st.integers(min_value=1, max_value=300))
def test_clean_text_is_one_encodable_line_no_longer_than_asked(text: str, length: int) -> None:
    shown = message.clean(text, length)
    shown.encode()
    assert len(shown) <= length
    assert len(shown.splitlines()) <= 1
    assert message.clean(shown, length) == shown


ON_CALL = replace(FACTS, schedule="Platform on-call", rotation="weekly rotation")


def test_somebody_on_call_reads_which_schedule_and_rotation_put_them_there() -> None:
    assert message.why(ON_CALL) == "Layer 1 of 3 of Payments → Platform on-call → weekly rotation."


def test_somebody_who_took_over_reads_until_when() -> None:
    until = datetime(2026, 11, 23, 17, tzinfo=UTC)
    facts = replace(ON_CALL, override_by="Bo", override_until=until, cause=Cause.TIMEOUT)
    assert message.why(facts) == (
        "Layer 1 of 3 of Payments → Platform on-call → weekly rotation (override by Bo until 18:00 (Europe/Berlin))"
        ": nobody answered in time."
    )


def test_what_was_deleted_since_is_left_out() -> None:
    assert message.why(replace(ON_CALL, rotation=None)) == "Layer 1 of 3 of Payments → Platform on-call."


def test_the_name_of_a_schedule_is_cleaned() -> None:
    assert message.why(replace(ON_CALL, schedule="a\nBcc: x\u202e")) == (
        "Layer 1 of 3 of Payments → a Bcc: x → weekly rotation."
    )


def test_a_handoff_promises_what_will_happen() -> None:
    assert message.handing(builders.opened()).startswith("Whoever you choose owns it and is paged now. If they do not")
    assert "in 5 min, paging goes on" in message.handing(builders.opened(builders.walk(((builders.ANA,), 5))))
    for without in (None, builders.walk()):
        assert "Nobody else will be: there is no layer" in message.handing(builders.opened(without))


AGAIN = message.NextStep(datetime(2026, 11, 23, 1, 19, tzinfo=UTC), ("Cy Ito",), fallback=False, again=True)
LATER = message.NextStep(datetime(2026, 11, 23, 1, 34, tzinfo=UTC), ("Ana Ruiz",), fallback=False)


def test_w2_a_handoff_says_by_when_somebody_else_is_paged_and_that_its_reader_is_before() -> None:
    handed = replace(HANDOFF, note=None, next_step=replace(AGAIN, then=LATER))
    assert message.lead(handed) == (
        "Ana Ruiz handed this incident to you. Answer by 02:34 (Europe/Berlin) or Ana Ruiz is paged. "
        "Before that Cy Ito is paged again at 02:19 (Europe/Berlin)."
    )
    unnamed = replace(HANDOFF, note=None, next_step=replace(AGAIN, then=replace(LATER, names=(), fallback=True)))
    assert "or the fallback responders are paged." in message.lead(unnamed)


def test_w2_a_handoff_says_that_nobody_but_its_reader_is_ever_paged() -> None:
    assert message.lead(replace(HANDOFF, note=None, next_step=AGAIN)) == (
        "Ana Ruiz handed this incident to you. Answer by 02:19 (Europe/Berlin) or Cy Ito is paged again. "
        "Nobody else will be paged."
    )
