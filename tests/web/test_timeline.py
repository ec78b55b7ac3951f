"""The rarer things that happen to an incident, each said in words: "why was I paged?" is answered by the page alone."""

from django.db import connection

from nightbell.actions import incidents
from nightbell.core.incident import actor
from nightbell.data.access import principal
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Person, World


def words_of(told: World, sign_in: SignIn, reader: Person | None = None, number: int = 1) -> str:
    """What the incident's page says."""
    return markup.get(sign_in(reader or told.zoe), f"/incidents/{number}").words


def test_a_refused_recipient_and_what_followed(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.mail.answer(ana.email, rcpt="550 5.1.1 no <b>such</b> user")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    words = words_of(told, sign_in)
    assert "email failed for good" in words
    assert "Email to Ana failed for good." in words
    assert "550 5.1.1 no <b>such</b> user" in words
    assert "nobody paged could be reached." in words
    assert incident.now.position == 2


def test_a_refused_recipient_is_shown_beside_the_others(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.mail.answer(ana.email, rcpt="550 5.1.1 no such user")
    told.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    assert "email failed for good" in words_of(told, sign_in)


def test_who_was_passed_over_and_how_late_it_was(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([ana, bo], 5)])
    ana.hands_off(incident, to=cy)
    told.waits(minutes=25)
    words = words_of(told, sign_in)
    assert "paged: Bo. Passed over: Ana, who handed this off. 20 min late." in words


def test_a_key_that_acknowledges_for_a_member_says_so(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    incidents.acknowledge(told.principal, incident.id, ana.id)
    assert "Ana acknowledged, says ci (API key)." in words_of(told, sign_in)


def test_a_link_in_the_mail_is_named_as_the_door(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    member = principal.of_member(told.organization.id, ana.id, actor.Via.LINK, since=None)
    assert member is not None
    incidents.acknowledge(member, incident.id)
    assert "Ana acknowledged. By the link in the mail." in words_of(told, sign_in)


def test_pages_that_were_not_sent_say_why(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    with told.mail.refusing_connections():
        incident = told.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    bo.acknowledges(incident)
    words = words_of(told, sign_in)
    assert "2 pages not sent, because somebody is on it: Ana and Bo." in words
    assert "email not sent: no longer wanted" in words


def test_an_acknowledgement_that_was_cleared_is_named(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    ana.acknowledges(incident)
    bo.escalates(incident)
    assert "Bo escalated by hand. Ana was on it until then." in words_of(told, sign_in)
    bo.acknowledges(incident)
    ana.hands_off(incident, to=ana)
    assert "Ana took this back. Bo was on it until then." in words_of(told, sign_in)
    told.zoe.hands_off(incident, to=bo)
    told.zoe.acknowledges(incident)
    told.zoe.hands_off(incident, to=bo)
    assert "Zoe put this back in the hands of Bo. Zoe was on it until then." in words_of(told, sign_in)
    told.zoe.hands_off(incident, to=ana)
    assert "Zoe handed this from Bo to Ana." in words_of(told, sign_in)
    bo.hands_off(incident, to=bo)
    assert "Bo took this over from Ana." in words_of(told, sign_in)


def test_an_owner_who_left_is_followed_by_the_heir(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    told.opens("Alone", owner=ana)
    told.removes(ana)
    words = words_of(told, sign_in)
    assert "Zoe owns this now: Ana left the organization." in words
    assert "The owner left the organization: paging moved on." in words
    assert "Handed to Zoe, because the one it waited for left" in words_of(told, sign_in, number=2)


def test_before_the_first_page_it_says_that_paging_starts(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)], paging=False)
    words = words_of(told, sign_in)
    assert "Paging starts now. Nobody has been paged yet" in words


def test_the_reader_learns_why_they_are_paged(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([bo], 5)], owner=ana, repeat=1)
    assert "You are paged: layer 1 of 1." in words_of(told, sign_in, bo)
    assert "Round 1 of 2" in words_of(told, sign_in, bo).replace("round", "Round")
    assert "You are paged: you own this incident." in words_of(told, sign_in, ana)
    ana.hands_off(incident, to=cy)
    assert "You are paged: this was handed to you." in words_of(told, sign_in, cy)
    assert "You are paged" not in words_of(told, sign_in, bo)
    for _ in range(2):
        told.waits(minutes=5)
    assert incident.now.state == "exhausted"
    assert "You are paged as the last resort." in words_of(told, sign_in, told.zoe)


def test_a_kind_that_a_newer_version_wrote_is_shown_as_it_is_called(told: World, sign_in: SignIn) -> None:
    told.opens("DB pool exhausted")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit (id, organization_id, incident_id, actor, kind, data)"
            " select gen_random_uuid(), organization_id, incident_id, actor, 'phone_rang', '{}' from audit"
            " where incident_id is not null limit 1"
        )
    assert "Phone rang" in words_of(told, sign_in)


def test_long_groups_are_cut_with_how_many_more_there_are(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", "Cy", "Dee", "Eli")
    told.opens("DB pool exhausted", layers=[(group, 5)])
    assert "Waiting for Ana, Bo, Cy and 2 more." in words_of(told, sign_in)


def test_the_addresses_of_acts_lead_to_the_page(told: World, sign_in: SignIn) -> None:
    told.opens("DB pool exhausted", layers=[([told.zoe], 5)])
    client = sign_in(told.zoe)
    for act in ("acknowledge", "status"):
        assert client.get(f"/incidents/1/{act}")["Location"] == "/incidents/1"
    page = markup.get(client, "/incidents/1/escalate")
    assert {"class": "act", "id": "act-escalate", "name": "act", "open": ""} in [given for _, given in page.tags]
    form = page.form("/escalate")
    for missing in ("acknowledge", "escalate", "status", "resolve", "handoff"):
        form.action = f"/incidents/99/{missing}"
        assert markup.submit(client, form, status="identified", target="x").status_code == 404
