"""Who is who in Slack: asked for on the page, looked up by an engine, and told as it goes."""

import re

import pytest
from cryptography.fernet import Fernet
from django.test import Client as Browser
from pytest_django import Settings

from nightbell.actions import contacts
from nightbell.channels.slack import declaration
from nightbell.channels.slack.buckets import Buckets
from nightbell.channels.slack.client import Client
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import Contact
from tests import environment
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_slack_settings import PAGE
from tests.workspace import Slack
from tests.world import World


@pytest.fixture(autouse=True)
def _nobody_has_been_asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Slack asked of the process in another test holds up nobody in this one."""
    monkeypatch.setattr(declaration, "_BUCKETS", Buckets())


def matched(client: Browser) -> str:
    """Somebody presses, an engine looks everybody up, and the page says so."""
    assert markup.submit(client, markup.get(client, PAGE).form("/match")).status_code == 302
    contacts.match(SYSTEM)
    return markup.get(client, PAGE).words


def test_members_are_matched_by_their_addresses_and_shown_under_slacks_names(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    ana, bo, eve = world.members("Ana", "Bo", "Eve")
    slack.joins(ana)
    slack.joins(eve, guest=True)
    slack.user(ana).name = "Ana of the Night"
    client = sign_in(world.zoe)
    before = markup.get(client, PAGE)
    assert before.words.count("not looked up yet") == 4
    assert "4 without a Slack user" in before.words
    words = matched(client)
    assert "Ana ana@owls.example@ana · Ana of the Night" in words
    for nobody in (bo, eve, world.zoe):
        assert f"{nobody.name} {nobody.email}nobody has this address" in words
    assert "3 without a Slack user" in words
    slack.joins(bo, world.zoe)
    slack.user(eve).guest = False
    assert "everybody is matched" in matched(client)


def test_a_press_asks_slack_nothing_and_the_page_says_how_far_it_is(
    world: World, slack: Slack, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "AT_ONCE", 2)
    people = world.members("Ana", "Bo", "Cy", "Dee")
    slack.joins(*people, world.zoe)
    client = sign_in(world.zoe)
    markup.submit(client, markup.get(client, PAGE).form("/match"))
    assert slack.calls == []
    page = client.get(PAGE)
    assert "Looking members up in Slack: 0 of 5." in markup.Page(page, PAGE).words
    assert [each for each in markup.get(client, PAGE).forms if each.action.endswith("/match")] == []
    (version,) = re.findall(r'data-version="(\w+)"', page.content.decode())
    assert client.get(PAGE, headers={"X-Nightbell-Version": version}).status_code == 204
    assert [contacts.match(SYSTEM) for _ in range(2)] == [2, 2]
    page = client.get(PAGE, headers={"X-Nightbell-Version": version})
    assert "Looking members up in Slack: 4 of 5." in markup.Page(page, PAGE).words
    assert [contacts.match(SYSTEM) for _ in range(2)] == [1, 0]
    assert "everybody is matched" in markup.get(client, PAGE).words
    assert len({call.arguments["email"] for call in slack.calls_of("users.lookupByEmail")}) == 5
    assert len(slack.calls) == 5


def test_somebody_known_by_their_id_stays_so_whatever_their_address_became(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana, world.zoe)
    client = sign_in(world.zoe)
    matched(client)
    slack.user(ana).email = "elsewhere@example.com"
    assert "everybody is matched" in matched(client)
    slack.user(ana).deleted = True
    assert "1 without a Slack user" in matched(client)


def test_a_match_that_slack_interrupts_keeps_what_was_found_and_goes_on(
    world: World, slack: Slack, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = world.members("Ana", "Bo")
    slack.joins(ana, bo, world.zoe)
    slack.answer(
        "users.lookupByEmail", status=429, retry_after=1, times=1, when=lambda given: given["email"] == bo.email
    )
    client = sign_in(world.zoe)
    words = matched(client)
    assert "Slack did not do it: Slack asks to wait 1 s. It is tried again by itself." in words
    found = Contact.objects.exclude(address="").count()
    assert found < 3
    assert contacts.match(SYSTEM) == 0, "Slack is left alone meanwhile"
    monkeypatch.setattr(declaration, "_BUCKETS", Buckets())
    assert contacts.match(SYSTEM) == 3 - found
    assert "everybody is matched" in markup.get(client, PAGE).words


@pytest.mark.parametrize("user", [None, [], "U1", {}, {"name": "ana"}])
def test_what_is_no_user_stops_no_chore(
    world: World, slack: Slack, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, user: object
) -> None:
    monkeypatch.setattr(Client, "call", lambda *_, **__: {"ok": True, "user": user})
    words = matched(sign_in(world.zoe))
    assert ("nobody has this address" in words) != ("what Slack says of this user is not Slack's" in words)


def test_a_match_where_the_token_is_refused_loses_the_workspace(world: World, slack: Slack, sign_in: SignIn) -> None:
    slack.answer("users.lookupByEmail", error="token_revoked")
    assert "Slack no longer lets Nightbell in" in matched(sign_in(world.zoe))


def test_a_match_without_the_key_of_the_token_says_so_and_waits(
    world: World, slack: Slack, sign_in: SignIn, settings: Settings
) -> None:
    slack.joins(world.zoe)
    client = sign_in(world.zoe)
    with_key = settings.NIGHTBELL
    settings.NIGHTBELL = environment.changed(with_key, encryption_keys=Fernet.generate_key().decode())
    assert "opens this secret" in matched(client)
    assert contacts.match(SYSTEM) == 0
    assert "opens this secret" in markup.get(client, PAGE).words
    settings.NIGHTBELL = with_key
    assert contacts.match(SYSTEM) == 1
    assert "everybody is matched" in markup.get(client, PAGE).words
