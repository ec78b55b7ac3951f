"""What is said in Slack: the words, the buttons that make sense, and nothing that text from outside could do there."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from nightbell.channels.slack import blocks, text
from nightbell.core import delivery, message, standing
from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Cause, Severity, State
from nightbell.demo.slack import block_kit, texts
from tests.channels import hostile
from tests.channels.pages import FACTS, notice
from tests.channels.standings import NOON, STANDING, copy, standing_in

Said = blocks.Said
SHOWN_TEXTS = hostile.texts(260)
INVISIBLE = {"Cc", "Cs"}
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b\ufeff")
ANSWERS = ["acknowledge", "resolve", "hand_off", "view"]
NOON_SAID = f"<!date^{int(NOON.timestamp())}^{{date_short}} at {{time_secs}}|Apr 18 at 12:00:00 UTC>"


def plain(said: Said) -> str:
    """All that a person sees."""
    return texts.plain(said.text, said.blocks)


def headline(said: Said) -> str:
    (header,) = [block for block in said.blocks if block["type"] == "header"]
    return str(header["text"]["text"])


def buttons(said: Said) -> list[str]:
    rows = [block["elements"] for block in said.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def check(said: Said, *, mentioned: tuple[str, ...] = ()) -> None:
    """Slack takes it, and nothing in it does what nobody meant."""
    assert block_kit.of_message(said.blocks) == []
    assert list(texts.problems(said.text, said.blocks)) == []
    json.dumps([said.text, said.blocks], ensure_ascii=False).encode()
    assert 1 <= len(said.text) <= 4000
    assert said.text.isprintable() or not set(map(unicodedata.category, said.text)) & INVISIBLE
    for kind, each in texts.inside(said.blocks):
        assert not {unicodedata.category(char) for char in each if char != "\n"} & INVISIBLE
        assert not BIDI & set(each)
        if kind == "mrkdwn":
            found = [token.partition("|")[0] for token in texts.TOKEN.findall(each)]
            assert all(token.startswith("!date^") or token.removeprefix("@") in mentioned for token in found), each
    assert "\n" not in headline(said)
    for block in said.blocks:
        for kind, each in texts.inside(block.get("text", {})):
            assert len(each) <= {"header": 150, "section": 3000}[block["type"]], kind


def facts_with(hostile_text: str, **changes: Any) -> message.Facts:
    """A page in which everything that comes from outside is this."""
    given = dict.fromkeys(("title", "description", "note", "organization", "owner", "recipient"), hostile_text)
    given |= dict.fromkeys(("policy_name", "schedule", "override_by", "handed_off_by", "timezone"), hostile_text)
    step = message.NextStep(FACTS.opened_at, (hostile_text, hostile_text, hostile_text), fallback=False)
    return replace(FACTS, **{**given, "next_step": step, "late_seconds": 4000, **changes})


def standing_with(hostile_text: str, state: State, **changes: Any) -> standing.Standing:
    step = message.NextStep(FACTS.opened_at, (hostile_text,) * 5, fallback=True)
    names = dict.fromkeys(("title", "organization", "owner"), hostile_text)
    given = {**names, "policy_name": hostile_text, "notified": (hostile_text,) * 5, "next_step": step, "round": 2}
    if state in {State.ACKNOWLEDGED, State.CLOSED}:
        given["acknowledged_by"] = hostile_text
    return standing_in(state, **{**given, **changes})


def pages(hostile_text: str) -> Iterator[Said]:
    """A page for every reason, and every cause where there is one."""
    for reason in Reason:
        yield blocks.page(facts_with(hostile_text, reason=reason))
    for cause in Cause:
        yield blocks.page(facts_with(hostile_text, reason=Reason.LAYER, cause=cause, override_until=NOON))
        yield blocks.page(facts_with(hostile_text, reason=Reason.FALLBACK, cause=cause, next_step=None))
    empty = message.NextStep(FACTS.opened_at, (), fallback=True)
    yield blocks.page(facts_with(hostile_text, reason=Reason.HANDOFF, next_step=empty))


def copies(hostile_text: str) -> Iterator[Said]:
    """An incident in every state, and to whoever was paged for every reason."""
    for state in State:
        now = standing_with(hostile_text, state)
        yield blocks.copy(copy(shows=now))
        yield blocks.standing(replace(now, handed_off=True, round=1))
    for reason in Reason:
        facts = facts_with(hostile_text, reason=reason, cause=Cause.REMOVED, override_until=NOON)
        yield blocks.copy(copy(delivery.Place.DIRECT, shows=standing_with(hostile_text, State.NONE), facts=facts))


def everything(hostile_text: str) -> Iterator[Said]:
    """Whatever Nightbell says in Slack of an incident."""
    yield from pages(hostile_text)
    yield from copies(hostile_text)
    yield blocks.notice(replace(notice("T1/U1"), subject=hostile_text, body=hostile_text))
    yield blocks.test(hostile_text, hostile_text)


def test_s15_there_are_hundreds_of_hostile_texts_and_each_is_another() -> None:
    assert len(set(SHOWN_TEXTS)) >= 240


def test_s15_hostile_text_is_neutralised_and_cut_in_everything_that_is_said() -> None:
    for each in SHOWN_TEXTS:
        for said in everything(each):
            check(said)


@settings(max_examples=50)
@given(hostile.ANY_TEXT)
def test_s15_any_text_at_all_is_only_text(anything: str) -> None:
    for said in everything(anything):
        check(said)


def test_s15_what_is_neutralised_is_still_shown_as_it_was_typed() -> None:
    for typed in ("<!channel>", "<@U1>", "<http://x|y>", "&amp;", "&lt;!here&gt;", "a < b & c > d", "漢字 🔥"):
        for said in (blocks.page(facts_with(typed)), blocks.standing(standing_with(typed, State.PAGING))):
            assert typed in headline(said)
            assert plain(said).count(typed) >= 4
        assert typed in plain(blocks.test(typed, "Acme"))


def test_s15_an_empty_title_has_a_name() -> None:
    for empty in ("", " \n\t", "\0\u202e\ud800"):
        assert headline(blocks.page(replace(FACTS, title=empty))) == "🔴 CRITICAL (no title)"


def test_s15_what_is_cut_says_so() -> None:
    long = facts_with("x" * 50_000)
    assert headline(blocks.page(long)).endswith("x…")
    assert len(headline(blocks.page(long))) == blocks.HEADER_LENGTH
    assert "x" * (blocks.DESCRIPTION_LENGTH - 1) + "…" in plain(blocks.page(long))


def test_a_colon_makes_no_picture_and_a_name_no_mention() -> None:
    said = blocks.page(facts_with(":boom: @channel #general"))
    for block in said.blocks:
        for part in (block.get("text"), *block.get("elements", ())):
            if part and part["type"] == "plain_text":
                assert part["emoji"] is False
            elif part and part["type"] == "mrkdwn":
                assert part["verbatim"] is True


def test_mentions_are_of_those_who_are_asked_in_and_of_nobody_else() -> None:
    for each in SHOWN_TEXTS[::10]:
        shown = copy(delivery.Place.INCIDENT, shows=standing_with(each, State.PAGING), people=("U0ANA", "U0BO"))
        said = blocks.copy(shown)
        check(said, mentioned=("U0ANA", "U0BO"))
        assert [span.text for span in _mentions(said)] == ["@U0ANA", "@U0BO"]


def test_an_incident_that_called_half_the_company_still_fits() -> None:
    people = tuple(f"U0{number:09d}" for number in range(400))
    said = blocks.copy(copy(delivery.Place.INCIDENT, people=people))
    check(said, mentioned=people)
    assert len(_mentions(said)) == blocks.MENTIONED


def _mentions(said: Said) -> list[texts.Span]:
    found = [texts.spans(each) for kind, each in texts.inside(said.blocks) if kind == "mrkdwn"]
    return [span for spans in found for span in spans if span.mention]


def test_an_acknowledged_incident_says_who_is_on_it_and_since_when() -> None:
    said = blocks.copy(copy(shows=standing_in(State.ACKNOWLEDGED)))
    assert headline(said) == "✅ Acknowledged — 🔴 CRITICAL DB pool exhausted"
    assert said.text == "✅ Acknowledged — 🔴 CRITICAL DB pool exhausted"
    (section,) = [block for block in said.blocks if block["type"] == "section"]
    assert section["text"] == {"type": "mrkdwn", "verbatim": True, "text": f"Acknowledged by Alice Smith · {NOON_SAID}"}
    assert buttons(said) == ["resolve", "hand_off", "view"]


def test_an_instant_is_said_by_slack_in_the_zone_of_whoever_looks() -> None:
    assert text.date(datetime(2026, 4, 8, 2, 3, 4, tzinfo=UTC)) == (
        "<!date^1775613784^{date_short} at {time_secs}|Apr 8 at 02:03:04 UTC>"
    )
    (span,) = texts.spans(text.date(NOON))
    assert (span.text, span.instant) == ("Apr 18 at 12:00:00 UTC", int(NOON.timestamp()))


@pytest.mark.parametrize(
    ("state", "first", "which"),
    [
        (State.PAGING, "🔴 CRITICAL DB pool exhausted", ANSWERS),
        (State.NONE, "🔴 CRITICAL DB pool exhausted", ANSWERS),
        (State.EXHAUSTED, "🆘 Nobody answered — 🔴 CRITICAL DB pool exhausted", ANSWERS),
        (State.ACKNOWLEDGED, "✅ Acknowledged — 🔴 CRITICAL DB pool exhausted", ["resolve", "hand_off", "view"]),
        (State.CLOSED, "☑️ Resolved — 🔴 CRITICAL DB pool exhausted", ["view"]),
    ],
)
def test_each_state_has_its_headline_and_the_buttons_that_would_change_something(
    state: State, first: str, which: list[str]
) -> None:
    for place in delivery.Place:
        said = blocks.copy(copy(place, shows=standing_in(state)))
        check(said)
        assert headline(said) == said.text == first
        assert buttons(said) == which


def test_a_page_can_be_answered_and_says_why_it_came_and_what_follows() -> None:
    said = blocks.page(FACTS)
    assert headline(said) == "🔴 CRITICAL DB pool exhausted"
    assert said.text == "🔴 CRITICAL DB pool exhausted: You are paged."
    assert buttons(said) == ANSWERS
    shown = plain(said)
    for words in (
        "You are paged.\nLayer 2 of 3 of Payments: nobody answered in time.",
        "Cy Ito is paged at Nov 23 at 01:19:00 UTC unless someone acknowledges.",
        "All 40 connections are taken.",
        "#42 · Acme · open since Nov 23 at 01:14:00 UTC · owned by Ana Ruiz",
    ):
        assert words in shown


def test_a_handoff_says_once_who_gave_it_with_the_note_and_who_is_next() -> None:
    said = blocks.page(replace(FACTS, reason=Reason.HANDOFF, handed_off_by="Dee Oh", note="Yours: <!here>"))
    assert plain(said).count("handed this incident to you") == 1
    assert "Dee Oh handed this incident to you: “Yours: <!here>”. Answer by" in plain(said)
    assert plain(said).count("Cy Ito") == 1
    assert "&lt;!here&gt;" in said.text


def test_a_late_page_says_how_late_it_is() -> None:
    assert "This page is 1 h 6 min late." in plain(blocks.page(replace(FACTS, late_seconds=4000)))
    assert "late" not in plain(blocks.page(replace(FACTS, late_seconds=59)))


def test_every_severity_has_its_own_colour() -> None:
    heads = [headline(blocks.page(replace(FACTS, severity=severity))) for severity in Severity]
    assert len({head[0] for head in heads}) == len(Severity)
    assert all(severity.upper() in head for severity, head in zip(Severity, heads, strict=True))


def test_buttons_carry_the_incident_and_only_view_leads_to_a_page_of_ours() -> None:
    said = blocks.page(FACTS)
    (row,) = [block["elements"] for block in said.blocks if block["type"] == "actions"]
    assert {element["value"] for element in row} == {str(FACTS.incident_id)}
    assert [element.get("url") for element in row] == [None, None, None, FACTS.view_url]
    assert [bool(element.get("confirm")) for element in row] == [False, True, False, False]
    # The acknowledge link answers for one person: it is not for whoever sees a message.
    assert FACTS.acknowledge_url not in json.dumps([said.text, said.blocks])


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (STANDING, "Layer 1 of 3 of Payments. Paged: Ana Ruiz.\nCy Ito is paged at Apr 18 at 11:57:03 UTC unless"),
        (replace(STANDING, round=2), "Layer 1 of 3 of Payments, round 2. Paged: Ana Ruiz."),
        (replace(STANDING, notified=()), "Paging is about to begin."),
        (replace(STANDING, handed_off=True), "Handed off to Ana Ruiz."),
        (standing_in(State.NONE), "Paged: Ana Ruiz.\nNobody else will be paged."),
        (standing_in(State.EXHAUSTED), "Every layer was paged, and the fallback responders: Ana Ruiz."),
        (
            standing_in(State.CLOSED),
            "Resolved · Apr 18 at 13:02:04 UTC\nAcknowledged by Alice Smith · Apr 18 at 12:00:00 UTC",
        ),
        (standing_in(State.CLOSED, acknowledged_by=None, acknowledged_at=None), "Resolved · Apr 18 at 13:02:04 UTC\n#"),
    ],
)
def test_an_incident_says_how_it_stands(now: standing.Standing, words: str) -> None:
    assert words in plain(blocks.standing(now))


def test_whoever_was_paged_still_reads_why_when_the_message_shows_how_it_stands() -> None:
    shown = copy(delivery.Place.DIRECT, shows=standing_in(State.ACKNOWLEDGED), facts=FACTS)
    assert "You were paged. Layer 2 of 3 of Payments: nobody answered in time." in plain(blocks.copy(shown))


def test_a_test_page_names_whoever_asked_and_has_one_button() -> None:
    said = blocks.test("Ana", "Acme")
    check(said)
    assert buttons(said) == ["test"]
    assert "This is a test page from Nightbell for Acme. Ana, a page would reach you here." in plain(said)
