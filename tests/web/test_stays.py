"""What lets somebody in ends with their stay: a link, a session, a token, and the link by which they set a password."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from nightbell.actions import calendars, organizations, people
from nightbell.actions import signed_links as one_time
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account, Role
from tests.api.member import Member
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Incident, Person, World

EXPIRED = "This link has expired"


def comes_back(world: World, person: Person) -> None:
    people.add(world.operator, people.Person(person.email, person.name), Role.MEMBER)


def link_in_mail(person: Person) -> str:
    return urlsplit(person.newest_mail.acknowledge_url).path


def paged(world: World, person: Person, title: str = "DB pool exhausted") -> tuple[Incident, str]:
    incident = world.opens(title, layers=[([person], 5), ([world.zoe], 5)])
    return incident, link_in_mail(person)


def test_x06_a_link_in_a_mail_ends_with_the_stay_it_was_made_in(told: World) -> None:
    ana = told.member("Ana")
    incident, link = paged(told, ana)
    told.removes(ana)
    assert Client().get(link).status_code == 403
    comes_back(told, ana)
    for answer in (Client().get(link), Client().post(link)):
        assert answer.status_code == 403
        assert "This link is no longer yours" in markup.Page(answer, link).words
    assert incident.now.acknowledged_by is None
    # What they are sent from now on is theirs.
    again, new = paged(told, ana, "Disk full")
    assert Client().post(new).status_code == 200
    assert again.now.acknowledged_by is not None


def test_x06_a_link_of_before_links_said_when_they_were_made_counts_from_its_signature(told: World) -> None:
    ana = told.member("Ana")
    incident = told.opens("DB pool exhausted", owner=ana, paging=False)
    token = signing.dumps([incident.id.hex, ana.id.hex], salt="nightbell.acknowledge")
    assert Client().get(f"/ack/{token}").status_code == 200
    told.sleeps(seconds=5)
    told.removes(ana)
    comes_back(told, ana)
    assert Client().get(f"/ack/{token}").status_code == 403


@pytest.mark.parametrize("made_at", ["soon", 10**30, None, [1], -(10**30), 1.5e300])
def test_x06_a_signed_link_of_another_shape_is_none(told: World, made_at: object) -> None:
    incident = told.opens("DB pool exhausted", paging=False)
    token = signing.dumps([incident.id.hex, told.zoe.id.hex, made_at], salt="nightbell.acknowledge")
    assert Client().get(f"/ack/{token}").status_code == 404


def test_x06_a_link_ends_thirty_days_after_the_incident_is_resolved(told: World) -> None:
    ana = told.member("Ana")
    incident, link = paged(told, ana)
    # An open incident has no such end.
    told.sleeps(days=100)
    assert Client().get(link).status_code == 200
    told.zoe.resolves(incident)
    told.sleeps(days=29, hours=23)
    assert Client().get(link).status_code == 200
    told.sleeps(hours=2)
    for answer in (Client().get(link), Client().post(link), Client().head(link)):
        assert answer.status_code == 410
    assert EXPIRED in markup.Page(Client().get(link), link).words


@pytest.mark.parametrize("path", ["/", "/v1/incidents"])
def test_x06_a_session_ends_with_the_stay_it_was_begun_in(told: World, sign_in: SignIn, path: str) -> None:
    ana = told.member("Ana")
    client = sign_in(ana)
    assert client.get(path).status_code == 200
    told.removes(ana)
    out = client.get(path).status_code
    assert out in (401, 403)
    comes_back(told, ana)
    assert client.get(path).status_code == out
    told.sleeps(seconds=1)
    assert sign_in(ana).get(path).status_code == 200


def test_x06_a_session_goes_on_in_an_organization_somebody_else_let_them_into(told: World, sign_in: SignIn) -> None:
    ana = told.member("Ana")
    client = sign_in(ana)
    larks, _ = organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    people.add(Principal.operator(larks.id), people.Person(ana.email, ana.name), Role.MEMBER)
    told.removes(ana)
    assert "Early Larks" in markup.get(client, "/").words
    comes_back(told, ana)
    assert client.post("/organization", {"organization": str(told.organization.id)}).status_code == 403
    assert "Early Larks" in markup.get(client, "/").words


def test_x06_a_calendar_ends_with_the_stay_its_token_was_made_in(told: World) -> None:
    ana = told.member("Ana")
    url = urlsplit(calendars.my_url(calendars.create(ana.principal)))
    read: Callable[[], int] = lambda: Client().get(f"{url.path}?{url.query}").status_code  # noqa: E731
    assert read() == 200
    told.removes(ana)
    comes_back(told, ana)
    assert read() == 401
    words = markup.Page(Member(ana)._client.get("/shifts"), "/shifts").words
    assert "Make an address" in words


def test_x06_a_one_time_link_ends_with_the_stay_it_was_made_in(told: World) -> None:
    ana = told.member("Ana")
    account = Account.objects.get(pk=ana.id)
    old = urlsplit(one_time.sign_in_url(account)).path
    assert Client().get(old).status_code == 302
    told.removes(ana)
    comes_back(told, ana)
    assert Client().get(old).status_code == 200  # the page that says so
    new = urlsplit(one_time.sign_in_url(account)).path
    assert Client().get(new).status_code == 302


def test_x06_what_was_made_in_the_very_stay_is_good_to_its_end(told: World, sign_in: SignIn) -> None:
    ana = told.member("Ana")
    told.removes(ana)
    comes_back(told, ana)
    told.sleeps(seconds=1)
    client = sign_in(ana)
    _, link = paged(told, ana)
    told.sleeps(days=20)
    assert Client().get(link).status_code == client.get("/").status_code == 200
