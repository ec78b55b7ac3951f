"""Copies of an incident in Slack: posted once and edited after that, in channels that are there or are made for it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nightbell.channels.slack.buckets import POST
from nightbell.channels.slack.channel import MAX_CHANNEL_NAME
from nightbell.core import delivery
from nightbell.core.incident.state import State
from tests.channels import hostile
from tests.channels.standings import STANDING, standing_in
from tests.channels.workspaces import BO, Office, accepted, open_office, refused, unavailable

INCIDENT, ALERTS = delivery.Place.INCIDENT, delivery.Place.ALERTS
ACKNOWLEDGED, CLOSED = standing_in(State.ACKNOWLEDGED), standing_in(State.CLOSED)


@pytest.fixture
def office() -> Iterator[Office]:
    """A workspace; at the end it has nothing to complain of."""
    opened = open_office()
    yield opened
    opened.slack.stop()
    opened.slack.assert_clean()


def made(office: Office, title: str = STANDING.title) -> str:
    """The id of the incident's own channel, freshly made."""
    parcel = office.copy("", place=INCIDENT, shows=replace(STANDING, title=title))
    channel_id, slash, message_id = accepted(office.send(parcel)).partition("/")
    assert (slash, message_id) == ("/", "")
    return channel_id


def named(office: Office, title: str = STANDING.title) -> str:
    """What a channel for such an incident is called."""
    office.seconds += 60
    channel_id = made(office, title)
    return office.slack.channels[channel_id].name


def test_an_incident_is_posted_in_an_alerts_channel_and_edited_there(office: Office) -> None:
    alerts = office.slack.channel("alerts")
    parcel = office.copy(alerts)
    where = accepted(office.send(parcel))
    (message,) = office.slack.in_channel(alerts)
    assert where == f"{alerts}/{message.id}"
    assert message.metadata == {"event_type": "nightbell_incident", "event_payload": {"copy_id": str(parcel.id)}}
    assert message.shows("Layer 1 of 3 of Payments. Paged: Ana Ruiz.")
    again = replace(parcel, message_id=message.id, standing=ACKNOWLEDGED)
    assert accepted(office.send(again)) == where
    (message,) = office.slack.in_channel(alerts)
    assert message.shows("✅ Acknowledged — 🔴 CRITICAL DB pool exhausted")
    assert message.shows("Acknowledged by Alice Smith · Apr 18 at 12:00:00 UTC")
    assert not message.marked_edited
    assert office.methods() == [POST, "chat.update"]


def test_a_page_is_edited_where_it_was_sent(office: Office) -> None:
    page = office.page()
    channel_id, _, message_id = accepted(office.send(page)).partition("/")
    shown = office.copy(
        channel_id, place=delivery.Place.DIRECT, shows=ACKNOWLEDGED, facts=page.facts, message_id=message_id
    )
    accepted(office.send(shown))
    (message,) = office.slack.to(office.bo)
    assert message.shows("Acknowledged by Alice Smith")
    assert message.shows("You were paged. Layer 2 of 3 of Payments: nobody answered in time.")
    assert "acknowledge" not in message.buttons


def test_an_incident_has_one_channel_that_is_called_after_it(office: Office) -> None:
    channel_id = made(office)
    channel = office.slack.channels[channel_id]
    assert (channel.name, channel.private, channel.created_by_app) == ("inc-42-db-pool-exhausted", False, True)
    # Making it is all that happens at once: it is known before anything else can go wrong.
    assert office.methods() == ["conversations.create"]
    accepted(office.send(office.copy(channel_id, place=INCIDENT)))
    assert office.methods() == ["conversations.create", POST]


def test_s15_a_channel_of_any_title_has_a_name_that_slack_takes(office: Office) -> None:
    for title in hostile.texts(220):
        name = named(office, title)
        assert re.fullmatch(r"inc-42(-[a-z0-9_]+)*(-[0-9]+)?", name), name
        assert len(name) <= MAX_CHANNEL_NAME
        # Each is the first: what is taken already is another test's.
        office.slack.channels[max(office.slack.channels)].name = title
    assert {call.error for call in office.slack.calls} == {None}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("DB pool exhausted", "inc-42-db-pool-exhausted"),
        ("Größe ÜBER-SCHRITTEN!!", "inc-42-groe-uber-schritten"),
        ("<!channel> /etc/passwd #general", "inc-42-channel-etcpasswd-general"),
        ("漢字", "inc-42"),
        ("", "inc-42"),
        ("__init__ -- x --", "inc-42-init__-x"),
        ("x" * 100, "inc-42-" + "x" * 73),
        ("a" * 72 + " b", "inc-42-" + "a" * 72),
    ],
)
def test_a_channels_name_is_what_of_the_title_slack_allows(office: Office, title: str, name: str) -> None:
    assert named(office, title) == name


def test_a_name_that_is_taken_gets_a_number(office: Office) -> None:
    assert [named(office) for _ in range(4)] == [
        "inc-42-db-pool-exhausted",
        *(f"inc-42-db-pool-exhausted-{number}" for number in (2, 3, 4)),
    ]
    long = [named(office, "x" * 100) for _ in range(2)]
    assert long == ["inc-42-" + "x" * 73, "inc-42-" + "x" * 71 + "-2"]
    # An archived channel keeps its name, and somebody may have made one by hand: it is not tried for ever.
    office.seconds += 60
    assert refused(office.send(office.copy("", place=INCIDENT))).error == "name_taken"


def test_s03_a_channel_that_was_made_although_nobody_said_so_is_made_again_in_the_busiest_hour(office: Office) -> None:
    for number in range(3):
        made(office, f"Something else {number}")
    office.slack.drop_after("conversations.create")
    unavailable(office.send(office.copy("", place=INCIDENT)))
    # Our own count allows one more call now, and it is not enough to find a name that is free.
    office.seconds += 3
    channel_id = made(office)
    assert office.slack.channels[channel_id].name == "inc-42-db-pool-exhausted-2"


def test_a_channel_that_may_not_be_made_is_refused_and_one_that_may_later_is_tried_again(office: Office) -> None:
    office.slack.answer("conversations.create", "restricted_action", times=1)
    assert refused(office.send(office.copy("", place=INCIDENT))).error == "restricted_action"
    office.slack.answer("conversations.create", status=502, times=1)
    unavailable(office.send(office.copy("", place=INCIDENT)))
    assert made(office)


def test_its_people_are_brought_into_the_channel_and_called(office: Office) -> None:
    cy = office.slack.person("Cy Ito", "cy@example.com")
    channel_id = made(office)
    accepted(office.send(office.copy(channel_id, place=INCIDENT, people=(office.bo.id, "cy@example.com", BO))))
    assert {office.bo.id, cy.id} <= office.slack.channels[channel_id].members
    (message,) = office.slack.in_channel(channel_id)
    assert message.shows("@Bo Lind @Cy Ito")
    assert message.plain.count("@Bo Lind") == 1
    (invited,) = office.slack.calls_of("conversations.invite")
    assert invited.arguments["users"] == f"{office.bo.id},{cy.id}"


def test_who_is_not_in_the_workspace_is_left_out_and_keeps_nobody_out(office: Office) -> None:
    office.slack.person("Guest", "guest@example.com", guest=True)
    left = office.slack.person("Left", "left@example.com", deleted=True)
    channel_id = made(office)
    people = ("nobody@example.com", "guest@example.com", left.id, office.bo.id)
    accepted(office.send(office.copy(channel_id, place=INCIDENT, people=people)))
    members = office.slack.channels[channel_id].members
    assert members == {office.bo.id, office.slack.bot_user_id}
    (message,) = office.slack.in_channel(channel_id)
    assert message.shows("@Bo Lind")
    assert "nobody@" not in message.plain
    assert not message.shows("@Guest")


def test_many_who_have_to_be_looked_up_hold_up_nothing_and_come_in_as_they_are_found(office: Office) -> None:
    channel_id = made(office)
    crowd = [office.slack.person(f"Night Owl {number}", f"owl{number}@example.com") for number in range(40)]
    parcel = office.copy(channel_id, place=INCIDENT, people=tuple(user.email for user in crowd))
    message_id = accepted(office.send(parcel)).partition("/")[2]
    members = office.slack.channels[channel_id].members
    # As many as our own count allows now, the owner first; the others when there is something new to show.
    assert [user.id in members for user in crowd] == [True] * 10 + [False] * 30
    known = tuple(user.id if user.id in members else user.email for user in crowd)
    office.seconds += 60
    accepted(office.send(replace(parcel, message_id=message_id, people=known)))
    assert [user.id in members for user in crowd] == [True] * 20 + [False] * 20


def test_nobody_is_asked_in_where_nobody_is_known(office: Office) -> None:
    channel_id = made(office)
    accepted(office.send(office.copy(channel_id, place=INCIDENT, people=("nobody@example.com",))))
    assert office.slack.calls_of("conversations.invite") == []
    (message,) = office.slack.in_channel(channel_id)
    assert "@" not in message.plain


@pytest.mark.parametrize(
    "error", ["already_in_channel", "cant_invite", "cant_invite_self", "user_is_restricted", "user_not_found"]
)
def test_whoever_cannot_be_invited_stops_no_message(office: Office, error: str) -> None:
    channel_id = made(office)
    office.slack.answer("conversations.invite", error)
    accepted(office.send(office.copy(channel_id, place=INCIDENT, people=(office.bo.id,))))
    assert len(office.slack.in_channel(channel_id)) == 1


def test_an_invitation_that_fails_for_now_is_tried_again_before_anything_is_said(office: Office) -> None:
    channel_id = made(office)
    office.slack.answer("conversations.invite", status=500, times=1)
    parcel = office.copy(channel_id, place=INCIDENT, people=(office.bo.id,))
    unavailable(office.send(parcel))
    assert office.slack.in_channel(channel_id) == []
    accepted(office.send(parcel))


def test_somebody_who_comes_later_is_brought_in_with_the_edit(office: Office) -> None:
    channel_id = made(office)
    parcel = office.copy(channel_id, place=INCIDENT, people=(office.bo.id,))
    message_id = accepted(office.send(parcel)).partition("/")[2]
    cy = office.slack.person("Cy Ito", "cy@example.com")
    accepted(office.send(replace(parcel, message_id=message_id, people=(office.bo.id, cy.id))))
    (message,) = office.slack.in_channel(channel_id)
    assert message.shows("@Bo Lind @Cy Ito")
    assert cy.id in office.slack.channels[channel_id].members


def test_the_channel_is_archived_with_its_incident_where_that_is_asked_for(office: Office) -> None:
    channel_id = made(office)
    parcel = office.copy(channel_id, place=INCIDENT)
    message_id = accepted(office.send(parcel)).partition("/")[2]
    accepted(office.send(replace(parcel, message_id=message_id, standing=CLOSED)))
    assert not office.slack.channels[channel_id].archived
    accepted(office.send(replace(parcel, message_id=message_id, standing=CLOSED, archive=True)))
    assert office.slack.channels[channel_id].archived
    # What it says is right for whoever reads it later.
    (message,) = office.slack.in_channel(channel_id)
    assert message.shows("☑️ Resolved — 🔴 CRITICAL DB pool exhausted")


def test_a_channel_somebody_archived_meanwhile_is_as_good(office: Office) -> None:
    channel_id = made(office)
    parcel = office.copy(channel_id, place=INCIDENT, archive=True, shows=CLOSED)
    office.slack.answer("conversations.archive", "already_archived", times=1)
    accepted(office.send(parcel))


def test_an_archiving_that_fails_for_now_is_tried_again(office: Office) -> None:
    channel_id = made(office)
    message_id = accepted(office.send(office.copy(channel_id, place=INCIDENT))).partition("/")[2]
    closing = office.copy(channel_id, place=INCIDENT, archive=True, shows=CLOSED, message_id=message_id)
    office.slack.answer("conversations.archive", status=503, times=1)
    unavailable(office.send(closing))
    accepted(office.send(closing))
    assert office.slack.channels[channel_id].archived


def test_s04_a_place_that_is_gone_is_refused_for_good(office: Office) -> None:
    alerts = office.slack.channel("alerts")
    outside = office.slack.channel("elsewhere", member=False)
    message_id = accepted(office.send(office.copy(alerts))).partition("/")[2]
    assert refused(office.send(office.copy("C0GONE"))).error == "channel_not_found"
    assert refused(office.send(office.copy(outside))).error == "not_in_channel"
    assert refused(office.send(office.copy(alerts, message_id="1.000001"))).error == "message_not_found"
    office.slack.channels[alerts].archived = True
    assert refused(office.send(office.copy(alerts))).error == "is_archived"
    assert refused(office.send(office.copy(alerts, message_id=message_id, shows=CLOSED))).error == "is_inactive"


def test_s01_edits_wait_for_our_own_count_and_pages_do_not(office: Office) -> None:
    alerts = office.slack.channel("alerts")
    parcel = office.copy(alerts)
    message_id = accepted(office.send(parcel)).partition("/")[2]
    edit = replace(parcel, message_id=message_id)
    outcomes = [office.send(edit) for _ in range(12)]
    assert [isinstance(each, delivery.Postponed) for each in outcomes] == [False] * 10 + [True] * 2
    assert len(office.slack.calls_of("chat.update")) == 10
    posts = [office.send(replace(parcel, message_id=None)) for _ in range(3)]
    assert isinstance(posts[-1], delivery.Postponed)
    for _ in range(20):
        accepted(office.send(office.page()))
