"""Calendar feeds, read as a calendar reads them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from nightbell.actions import calendars, schedules
from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.models import Account, CalendarToken
from nightbell.data.reads import calendars as reads_calendars
from nightbell.data.reads import schedules as reads
from tests import calendar_reader
from tests.api.caller import Caller, queries
from tests.api.member import Member
from tests.calendar_reader import Calendar
from tests.rota import Rota
from tests.world import World

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def fetch(url: str, **headers: str) -> Any:
    parts = urlsplit(url)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(raise_request_exception=False).get(f"{parts.path}?{parts.query}", headers=sent)


def calendar(url: str) -> Calendar:
    response = fetch(url)
    assert response.status_code == 200, response.content
    # Its address holds a token: no cache between us and the calendar keeps it for others.
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return calendar_reader.read(response.content)


def turns(rota: Rota, position: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The shifts that somebody has, by the function that pages: those that touch the time, whole."""
    schedule = reads.load([rota.id], JUNE)[rota.id]
    line = oncall.shifts(schedule, position, start - timedelta(days=400), end + timedelta(days=400))
    return [(shift.start, shift.end) for shift in line if shift.duty and shift.start < end and start < shift.end]


@pytest.fixture
def rota(world: World) -> Rota:
    """Bo and Cy take turns in Berlin, since long before a feed begins; Di is behind them."""
    bo, cy, di = world.members("Bo", "Cy", "Di")
    made = Rota(world, timezone="Europe/Berlin")
    made.layer(bo, cy, since=JUNE)
    made.layer(di, since=JUNE, kind=oncall.Kind.CUSTOM, length_days=100)
    return made


def test_a_schedules_feed_has_the_shifts_that_the_pager_has(world: World, rota: Rota) -> None:
    rota.override(world.zoe, hours=30, days=2)
    world.settles()
    world.forgets_mail()
    found = calendar(calendars.schedule_url(calendars.create(world.zoe.principal), rota.id))
    today = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = today - timedelta(days=90), today + timedelta(days=180)
    expected = [(at, until) for position in (0, 1) for at, until in turns(rota, position, start, end)]
    shown = [(event.start, event.end) for event in found.events]
    assert sorted(shown) == sorted((at.replace(microsecond=0), until.replace(microsecond=0)) for at, until in expected)
    assert len({event.uid for event in found.events}) == len(found.events)
    assert min(shown)[0] < start
    assert max(until for _, until in shown) > end
    summaries = {event.summary for event in found.events}
    assert summaries == {
        "Bo on call: Platform on-call",
        "Cy on call: Platform on-call",
        "Di on call: Platform on-call, layer 1",
        "Zoe on call: Platform on-call (override)",
    }
    assert found.properties["X-WR-CALNAME"] == "Platform on-call"
    assert found.properties["REFRESH-INTERVAL;VALUE=DURATION"] == "PT1H"
    assert found.properties["X-PUBLISHED-TTL"] == "PT1H"


def test_my_feed_has_my_shifts_and_nobody_elses(world: World, rota: Rota) -> None:
    bo = rota.people["Bo"]
    other = Rota(world, "Second line", timezone="Asia/Tokyo")
    other.layer(world.zoe, bo)
    token = Member(bo).post("/oncall/calendar-token").data
    assert token["url"].endswith(f"/v1/oncall/me.ics?token={token['token']}")
    mine = calendar(token["url"])
    assert {event.summary for event in mine.events} == {"Bo on call: Platform on-call", "Bo on call: Second line"}
    everything = calendar(calendars.schedule_url(token["token"], rota.id)).events
    assert [event for event in everything if event.summary.startswith("Bo ")] == [
        event for event in mine.events if event.summary.endswith("Platform on-call")
    ]


def test_a_shift_keeps_its_uid_when_somebody_else_takes_it_and_the_past_stays(world: World, rota: Rota) -> None:
    cy = rota.people["Cy"]
    url = calendars.schedule_url(calendars.create(world.zoe.principal), rota.id)
    world.sleeps(days=20)
    before = {event.uid: event for event in calendar(url).events}
    now = clock.now()
    schedules.change_layer(world.principal, rota.id, rota.layers[0], {"participants": (cy.id,)})
    after = {event.uid: event for event in calendar(url).events}
    assert {uid for uid, event in before.items() if not event.start <= now < event.end} <= after.keys()
    for uid, event in before.items():
        if event.summary.endswith("layer 1") or event.end <= now:
            assert after[uid] == event
        elif event.start > now:
            assert (after[uid].start, after[uid].end) == (event.start, event.end)
            assert after[uid].summary.startswith("Cy ")


def test_a_day_later_the_shifts_that_are_still_shown_have_not_changed(world: World, rota: Rota) -> None:
    url = calendars.schedule_url(calendars.create(world.zoe.principal), rota.id)
    before = {event.uid: event for event in calendar(url).events}
    world.sleeps(days=1)
    after = {event.uid: event for event in calendar(url).events}
    both = before.keys() & after.keys()
    assert len(both) >= len(before) - 2
    assert {uid: before[uid] for uid in both} == {uid: after[uid] for uid in both}


def test_what_has_not_changed_is_not_sent_again(world: World, rota: Rota) -> None:
    url = calendars.schedule_url(calendars.create(world.zoe.principal), rota.id)
    first = fetch(url)
    etag = first.headers["ETag"]
    again = fetch(url, If_None_Match=etag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert fetch(url, If_None_Match='"other"').content == first.content
    world.sleeps(minutes=1)
    rota.override(world.zoe)
    changed = fetch(url, If_None_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    world.settles()
    world.forgets_mail()


def test_a_token_that_is_revoked_replaced_or_made_up_reads_nothing(world: World, rota: Rota) -> None:
    bo = Member(rota.people["Bo"])
    first = bo.post("/oncall/calendar-token").data["url"]
    second = bo.post("/oncall/calendar-token").data["url"]
    assert fetch(first).status_code == 401
    assert fetch(second).status_code == 200
    assert reads_calendars.token_since(rota.people["Bo"].principal) is not None
    assert bo.call("DELETE", "/oncall/calendar-token").status == 204
    assert bo.call("DELETE", "/oncall/calendar-token").status == 204
    assert reads_calendars.token_since(rota.people["Bo"].principal) is None
    for url in (second, "/v1/oncall/me.ics?token=nb_cal_x", "/v1/oncall/me.ics?token=", "/v1/oncall/me.ics"):
        answer = fetch(url)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authorized"
    assert all(len(bytes(token.digest)) == 32 for token in CalendarToken.objects.all())


def test_a_token_dies_with_the_membership_and_with_the_account(world: World, rota: Rota) -> None:
    bo = rota.people["Bo"]
    url = calendars.my_url(calendars.create(bo.principal))
    assert fetch(url).status_code == 200
    Account.objects.filter(id=bo.id).update(is_active=False)
    assert fetch(url).status_code == 401
    Account.objects.filter(id=bo.id).update(is_active=True)
    world.removes(bo)
    assert fetch(url).status_code == 401


def test_a_feed_that_the_database_cannot_answer_is_asked_for_later(
    world: World, rota: Rota, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = calendars.schedule_url(calendars.create(world.zoe.principal), rota.id)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    answer = fetch(url)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    monkeypatch.undo()
    connection.close()
    assert fetch(url).status_code == 200


def test_another_organizations_schedule_is_not_there(world: World, rota: Rota, stranger: Caller) -> None:
    theirs = stranger.post("/oncall/schedules", {"name": "x", "timezone": "UTC"}).data["id"]
    token = calendars.create(world.zoe.principal)
    for schedule_id in (theirs, "019a0000-0000-7000-8000-000000000000", "x"):
        answer = fetch(f"/v1/oncall/schedules/{schedule_id}.ics?token={token}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_only_a_person_has_a_calendar_token(api: Caller) -> None:
    for answer in (api.post("/oncall/calendar-token"), api.call("DELETE", "/oncall/calendar-token")):
        assert (answer.status, answer.code) == (401, "not_authorized")
    assert CalendarToken.objects.count() == 0


def test_a_feed_is_only_read(world: World, rota: Rota) -> None:
    url = urlsplit(calendars.schedule_url(calendars.create(world.zoe.principal), rota.id))
    answer = Client().post(f"{url.path}?{url.query}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert Client().head(f"{url.path}?{url.query}").status_code == 200


def test_hostile_names_stay_in_their_place(world: World) -> None:
    bo = world.member("Bo")
    evil = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\nSUMMARY:you;,\\\u202e\x1b" + "é" * 40
    Account.objects.filter(id=bo.id).update(first_name="B\nATTENDEE:mailto:a@b;,\\")
    rota = Rota(world, evil)
    rota.layer(bo, since=JUNE)
    found = calendar(calendars.schedule_url(calendars.create(world.zoe.principal), rota.id))
    clean = "x END:VEVENT BEGIN:VEVENT SUMMARY:you;,\\" + "é" * 40
    assert {event.summary for event in found.events} == {f"B ATTENDEE:mailto:a@b;,\\ on call: {clean}"}
    assert found.properties["X-WR-CALNAME"].startswith("x END:VEVENT BEGIN:VEVENT SUMMARY:you\\;\\,\\\\")


def test_a_schedules_feed_asks_the_database_no_oftener_for_more_layers(world: World, rota: Rota) -> None:
    url = calendars.schedule_url(calendars.create(world.zoe.principal), rota.id)
    with queries() as few:
        fetch(url)
    for _ in range(3):
        rota.layer(world.zoe)
    with queries() as many:
        fetch(url)
    assert len(many) == len(few)
