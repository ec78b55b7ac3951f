"""The page behind the link in a mail: its address is the authority, its button the only thing that acts."""

from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from nightbell.actions import signed_links
from nightbell.core.incident import state
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock
from nightbell.data.models import Account
from tests.web import markup
from tests.world import Incident, Person, World


def link(incident: Incident, person: Person) -> str:
    return signed_links.acknowledge_url(AcknowledgeGrant(incident.id, person.id, clock.now())).removeprefix(
        "http://127.0.0.1:8000"
    )


@pytest.fixture
def browser() -> Client:
    """Somebody's browser at night: signed in nowhere."""
    return Client(enforce_csrf_checks=True)


def test_looking_is_small_quiet_and_inert(told: World, browser: Client) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    response = browser.get(link(incident, ana))
    assert response.status_code == 200
    assert len(response.content) < 20_000
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert not browser.cookies
    page = markup.Page(response, link(incident, ana))
    assert "script" not in [tag for tag, _ in page.tags]
    assert [(form.method, form.buttons) for form in page.forms] == [("post", 1)]
    assert "DB pool exhausted" in page.words
    assert "Bo is paged at" in page.words
    assert incident.now.state is state.State.PAGING


def test_its_button_acknowledges_and_says_by_whom_what(told: World, browser: Client) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    at = link(incident, ana)
    answer = markup.submit(browser, markup.get(browser, at).forms[0])
    assert answer.status_code == 200
    page = markup.Page(answer, at)
    assert "You are on it. Ana, you acknowledged this at" in page.words
    assert "DB pool exhausted" in page.words
    assert not page.forms
    assert not browser.cookies
    now = incident.now
    assert now.acknowledged_by is not None
    assert (now.acknowledged_by.user_id, now.acknowledged_by.via) == (ana.id, "link")
    assert "by the link in the mail" not in page.words
    assert "You are on it." in markup.get(browser, at).words


def test_k18_a_scanner_that_follows_every_link_changes_nothing(told: World, browser: Client) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    before = incident.view
    at = link(incident, ana)
    for method in (browser.get, browser.head, browser.get):
        assert method(at).status_code == 200
    page = markup.get(browser, at)
    loaded = [given.get("href") or given.get("src") for tag, given in page.tags if tag in {"a", "link", "img"}]
    assert len(loaded) >= 3
    for address in loaded:
        browser.get(str(address), follow=True).close()
    for verb in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert browser.generic(verb, at).status_code == 405
    assert incident.view == before


def test_k11_a_removed_members_link_is_refused_and_paging_goes_on(told: World, browser: Client) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([bo], 5), ([ana], 5)], owner=ana)
    at = link(incident, bo)
    told.removes(bo)
    for answer in (browser.get(at), browser.post(at)):
        assert answer.status_code == 403
        page = markup.Page(answer, at)
        assert "the incident goes on paging" in page.words
        assert "DB pool exhausted" not in page.text
    assert incident.now.state is state.State.PAGING
    told.waits(minutes=5)
    assert ana.was_paged(incident, layer=2)


def test_after_a_handoff_it_acknowledges_like_any_member_and_says_who_owns_it(told: World, browser: Client) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    at = link(incident, ana)
    ana.hands_off(incident, to=bo)
    assert "Bo owns this incident." in markup.get(browser, at).words
    answer = markup.Page(browser.post(at), at)
    assert "You are on it." in answer.words
    assert "Bo owns this incident." in answer.words
    assert incident.now.owner_id == bo.id


def test_after_somebody_else_was_first_it_says_who(told: World, browser: Client) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana, bo], 5)])
    bo.acknowledges(incident)
    page = markup.Page(browser.post(link(incident, ana)), "/ack")
    assert "Bo is on it." in page.words
    assert "You are on it" not in page.words


def test_k7_after_the_resolution_it_says_so_and_never_reopens(told: World, browser: Client) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    bo.resolves(incident)
    for answer in (browser.get(link(incident, ana)), browser.post(link(incident, ana))):
        page = markup.Page(answer, "/ack")
        assert "This incident is resolved." in page.words
        assert not page.forms
    assert incident.now.state is state.State.CLOSED


def test_a_forged_link_is_not_there(told: World, browser: Client) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    at = link(incident, ana)
    for forged in (at[:-1] + ("A" if at[-1] != "A" else "B"), "/ack/x", "/ack/" + "y:" * 2000, "/ack/%00"):
        assert browser.get(forged).status_code == 404
        assert browser.post(forged).status_code == 404
    assert incident.now.state is state.State.PAGING


def test_its_times_are_those_of_whoever_it_was_sent_to(told: World, browser: Client) -> None:
    (ana,) = told.members("Ana")
    Account.objects.filter(id=ana.id).update(timezone="Asia/Kathmandu")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    due_at = incident.now.due_at
    assert due_at is not None
    local = due_at.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert f"at {local:%H:%M:%S} (Asia/Kathmandu) unless" in markup.get(browser, link(incident, ana)).words
