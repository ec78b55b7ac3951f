"""What people do about their own way in is on the record of their organizations."""

import re

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nightbell.actions import organizations, people, signed_links
from nightbell.data.access.principal import Principal
from nightbell.data.models import Account, Audit
from tests.accounts.test_signing_in import PASSWORD, account, sign_in
from tests.web import markup
from tests.world import World


def recorded(world: World) -> list[tuple[str, str, str]]:
    """Kind, who did it and to whom, of every entry about a way in, oldest first."""
    about = ("signed_in", "sign_in_failed", "password_changed")
    found = Audit.objects.filter(organization=world.organization, kind__in=about).order_by("id")
    assert {each.data["address"] for each in found} <= {"127.0.0.1"}
    return [(each.kind, each.actor["name"], each.data["names"][each.data["userId"]]) for each in found]


def test_signing_in_and_being_refused_are_on_the_record(world: World) -> None:
    account(world.zoe, PASSWORD)
    sign_in(Client(), world.zoe.email, "wrong")
    sign_in(Client(), "nobody@owls.example", "wrong")
    sign_in(Client(), world.zoe.email.upper(), PASSWORD)
    assert recorded(world) == [("sign_in_failed", "Nightbell", "Zoe"), ("signed_in", "Zoe", "Zoe")]
    (last,) = Audit.objects.filter(kind="signed_in")
    assert last.actor == {"type": "user", "id": str(world.zoe.id), "name": "Zoe", "via": "web"}
    assert "wrong" not in str(list(Audit.objects.values()))


def test_a_password_that_is_set_by_a_link_is_on_the_record(world: World) -> None:
    browser = Client()
    path = signed_links.sign_in_url(Account.objects.get(id=world.zoe.id)).removeprefix(settings.NIGHTBELL.url)
    page = browser.get(path, follow=True)
    form = markup.Page(page, page.redirect_chain[-1][0]).forms[0]
    markup.submit(browser, form, password1=PASSWORD, password2=PASSWORD)
    assert recorded(world) == [("password_changed", "Zoe", "Zoe"), ("signed_in", "Zoe", "Zoe")]


def test_it_is_on_the_record_of_each_organization_one_is_in(world: World) -> None:
    account(world.zoe, PASSWORD)
    for name in ("Day Larks", "Barn Owls"):
        made, _ = organizations.create(world.operator, name, people.Person("lark@larks.example", "Lark"))
        if name == "Day Larks":
            people.add(Principal.operator(made.id), people.Person(world.zoe.email, "Zoe"))
    sign_in(Client(), world.zoe.email, PASSWORD)
    found = Audit.objects.filter(kind="signed_in").order_by("organization__name")
    assert [each.organization.name for each in found] == ["Day Larks", "Night Owls"]


def test_whoever_left_is_on_no_record(world: World) -> None:
    (ana,) = world.members("Ana")
    account(ana, PASSWORD)
    world.removes(ana)
    sign_in(Client(), ana.email, "wrong")
    assert recorded(world) == []


def test_a_refusal_tells_not_who_has_an_account(world: World) -> None:
    account(world.zoe, PASSWORD)
    asked = []
    for email in (world.zoe.email, "nobody@owls.example"):
        browser = Client()
        page = markup.get(browser, "/accounts/login/")
        with CaptureQueriesContext(connection) as statements:
            markup.submit(browser, page.forms[0], login=email, password="wrong")
        written = [each["sql"] for each in statements if each["sql"] and re.search("insert|pg_logical", each["sql"])]
        asked.append([re.sub(r"'[^']*'(::\w+)?", "?", each)[:80] for each in written])
    assert asked[0] == asked[1]
    assert len(asked[0]) > 1
