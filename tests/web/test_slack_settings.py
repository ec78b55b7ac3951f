"""The page about Slack: how things stand there, its channels, who is who, a test page, and the way out."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from nightbell.actions import contacts, workspaces
from nightbell.channels.slack import declaration
from nightbell.channels.slack.buckets import Buckets
from nightbell.channels.slack.client import SCOPES, Failed
from nightbell.data import clock
from nightbell.data.models import Audit, Role
from nightbell.data.models import Workspace as Row
from nightbell.data.reads import workspaces as reads
from nightbell.web.settings import slack as slack_settings
from tests import environment
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_hostile_text import HOSTILE, REVERSED, check
from tests.workspace import KEY, Slack, configured
from tests.world import World

PAGE = "/settings/slack"
PRESSES = ("/channels", "/match", "/test", "/disconnect")
VARIABLES = (
    *("NIGHTBELL_SLACK_CLIENT_ID", "NIGHTBELL_SLACK_CLIENT_SECRET", "NIGHTBELL_SLACK_SIGNING_SECRET"),
    "NIGHTBELL_ENCRYPTION_KEYS",
)


@pytest.fixture(autouse=True)
def _nobody_has_been_asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Slack asked of the process in another test holds up nobody in this one."""
    monkeypatch.setattr(declaration, "_BUCKETS", Buckets())


def kinds() -> list[str]:
    """What was written down about Slack after it was connected."""
    return [row.kind for row in Audit.objects.filter(kind__startswith="slack_").order_by("sequence")][1:]


def saved() -> tuple[list[str], bool, bool]:
    row = Row.objects.get()
    return row.alerts_channels, row.incident_channels, row.archive_on_resolve


def save(client: Client, channels: str, **ticked: str) -> HttpResponse:
    return markup.submit(client, markup.get(client, PAGE).form("/channels"), channels=channels, **ticked)


def refused(answer: HttpResponse) -> markup.Page:
    """The page that says why not."""
    assert answer.status_code == 400
    return markup.Page(answer, PAGE)


def test_where_slack_is_not_set_up_the_page_says_what_to_do(world: World, sign_in: SignIn) -> None:
    page = markup.get(sign_in(world.zoe), PAGE)
    assert "Not set up on this installation" in page.words
    for variable in VARIABLES:
        assert variable in page.words
    assert "/slack/manifest.json" in page.links
    assert not any(link.startswith("/slack/connect") for link in page.links)
    assert [form.action for form in page.forms if form.action.startswith(PAGE)] == []


def test_the_page_is_for_admins(world: World, slack: Slack, sign_in: SignIn) -> None:
    (bo,) = world.members("Bo")
    member = sign_in(bo)
    assert "What Nightbell is connected to is for an admin" in markup.get(member, PAGE, status=403).words
    form = markup.get(sign_in(world.zoe), PAGE).form("/match")
    mark = {"csrfmiddlewaretoken": member.cookies[settings.CSRF_COOKIE_NAME].value}
    for press in PRESSES:
        answer = member.post(PAGE + press, form.fields | mark)
        assert answer.status_code == 403
    assert slack.calls == []
    assert kinds() == []


def test_whoever_is_signed_out_signs_in_first(world: World, slack: Slack) -> None:
    assert Client().get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    for press in PRESSES:
        assert Client().post(PAGE + press)["Location"].startswith("/accounts/login/?next=")
    assert slack.calls == []
    assert kinds() == []


def test_a_button_pressed_after_somebody_else_disconnected_says_so(world: World, slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    forms = [markup.get(client, PAGE).form(press) for press in PRESSES]
    workspaces.disconnect(world.zoe.principal)
    for form in forms:
        assert "No Slack workspace is connected." in refused(markup.submit(client, form)).words
    assert slack.calls == []


def test_what_is_wrong_is_on_the_page(world: World, slack: Slack, sign_in: SignIn, settings: Settings) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    client = sign_in(world.zoe)
    assert "Buttons in Slack do nothing" not in markup.get(client, PAGE).words
    settings.NIGHTBELL = environment.changed(configured(settings.NIGHTBELL, slack), slack_signing_secret=None)
    slack.answer("chat.postMessage", "restricted_action", times=1)
    world.opens("DB pool exhausted", layers=[([ana], 5)])
    words = markup.get(client, PAGE).words
    assert "Buttons in Slack do nothing: NIGHTBELL_SLACK_SIGNING_SECRET is not set" in words
    assert "restricted_action 1 time in the last 7 days" in words


# Channels.


@pytest.mark.parametrize("pasted", ["https://night-owls.slack.com/archives/{}", " {} ", "<#{}|alerts>", "#x {}"])
def test_a_channel_is_chosen_by_whatever_names_it(world: World, slack: Slack, sign_in: SignIn, pasted: str) -> None:
    alerts = slack.channel("alerts")
    client = sign_in(world.zoe)
    assert save(client, pasted.format(alerts)).status_code == 302
    page = markup.get(client, PAGE)
    assert "Saved." in page.words
    assert page.form("/channels").fields["channels"].split() == [alerts]
    assert saved() == ([alerts], False, False)
    assert kinds() == ["slack_configured"]


def test_a_new_channel_is_greeted_once(world: World, slack: Slack, sign_in: SignIn) -> None:
    alerts, ops = slack.channel("alerts"), slack.channel("ops", private=True)
    client = sign_in(world.zoe)
    save(client, f"{alerts}\n{alerts}", incident_channels="on")
    save(client, f"{alerts}\r\n\r\n{ops}\r\n", incident_channels="on", archive_on_resolve="on")
    for channel in (alerts, ops):
        (hello,) = slack.in_channel(channel)
        assert hello.plain == slack_settings.HELLO
    assert saved() == ([alerts, ops], True, True)
    fields = markup.get(client, PAGE).form("/channels").fields
    assert {"incident_channels", "archive_on_resolve"} <= fields.keys()


def test_as_many_channels_as_may_be_chosen_are_looked_at_and_greeted_at_once(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    many = [slack.channel(f"alerts-{number}") for number in range(reads.MAX_ALERTS_CHANNELS)]
    client = sign_in(world.zoe)
    for _ in range(3):
        assert save(client, "\n".join(many)).status_code == 302
    assert saved()[0] == many
    assert len(slack.messages) == len(many)


def test_choosing_none_leaves_none(world: World, slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    save(client, slack.channel("alerts"))
    assert save(client, " \r\n ").status_code == 302
    assert saved() == ([], False, False)


@pytest.mark.parametrize("private", [False, True])
def test_a_channel_nightbell_was_not_asked_into_is_refused_and_says_how(
    world: World, slack: Slack, sign_in: SignIn, private: bool
) -> None:
    alerts, outside = slack.channel("alerts"), slack.channel("ops", private=private, member=False)
    client = sign_in(world.zoe)
    typed = f"{alerts}\nhttps://night-owls.slack.com/archives/{outside}"
    page = refused(save(client, typed, archive_on_resolve="on"))
    assert f"Nightbell is not in {outside}: type /invite @Nightbell there, then save again." in page.words
    assert page.form("/channels").fields["channels"].splitlines() == typed.splitlines()
    assert saved() == ([], False, False)
    assert slack.messages == [], "somebody was greeted although nothing was saved"
    slack.channels[outside].members.add(slack.bot_user_id)
    assert save(client, typed).status_code == 302
    assert saved()[0] == [alerts, outside]
    assert len(slack.in_channel(alerts)) == 1


@pytest.mark.parametrize("typed", ["#alerts", "alerts", "https://night-owls.slack.com/", "D00000001", HOSTILE, "\0"])
def test_what_names_no_channel_is_refused_and_stays(world: World, slack: Slack, sign_in: SignIn, typed: str) -> None:
    alerts = slack.channel("alerts")
    client = sign_in(world.zoe)
    page = refused(save(client, f"{alerts}\n{typed}", incident_channels="on"))
    why = "Null characters are not allowed." if typed == "\0" else "This is no link to a channel: "
    assert why in page.words
    assert page.form("/channels").fields["channels"] == f"{alerts}\n{typed}"
    assert "incident_channels" in page.form("/channels").fields
    check(page)
    assert saved() == ([], False, False)
    assert slack.calls == []


def test_more_channels_than_may_be_chosen_are_refused_before_anybody_is_greeted(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    many = [slack.channel(f"alerts-{number}") for number in range(reads.MAX_ALERTS_CHANNELS + 1)]
    page = refused(save(sign_in(world.zoe), "\n".join(many)))
    assert "At most 5 channels can be chosen." in page.words
    assert slack.messages == []
    assert saved() == ([], False, False)


def test_what_slack_refuses_for_another_reason_is_told_in_its_own_word(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    alerts = slack.channel("alerts")
    slack.channels[alerts].archived = True
    client = sign_in(world.zoe)
    page = refused(save(client, alerts))
    assert "Slack did not do it: is_archived." in page.words
    slack.answer("pins.list", status=502, times=1)
    assert "Slack did not do it: unavailable." in refused(save(client, alerts)).words
    assert saved() == ([], False, False)


# A test page.


def test_a_test_page_arrives_and_its_button_answers(world: World, slack: Slack, sign_in: SignIn) -> None:
    slack.joins(world.zoe)
    client = sign_in(world.zoe)
    assert markup.submit(client, markup.get(client, PAGE).form("/test")).status_code == 302
    assert "Sent: look at Slack, and press its button." in markup.get(client, PAGE).words
    page = slack.page_of(world.zoe)
    assert page.shows("This is a test page from Nightbell for Night Owls. Zoe, a page would reach you here.")
    slack.presses(world.zoe, "test")
    slack.wait_until(lambda: bool(slack.ephemerals))
    assert slack.told(world.zoe) == "It works: your answer has reached Nightbell, from Zoe."
    # Whoever is known is not looked up again.
    markup.submit(client, markup.get(client, PAGE).form("/test"))
    assert len(slack.calls_of("users.lookupByEmail")) == 1
    assert kinds() == []


def test_an_admin_who_is_not_there_is_told_so(world: World, slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(world.zoe)
    page = refused(markup.submit(client, markup.get(client, PAGE).form("/test")))
    assert "Nobody in Night Owls has your address, zoe@owls.example." in page.words
    assert slack.messages == []


def test_a_token_no_key_opens_is_told_in_words(world: World, slack: Slack, sign_in: SignIn, settings: Settings) -> None:
    client = sign_in(world.zoe)
    form = markup.get(client, PAGE).form("/test")
    other = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"encryption_keys": other})
    assert "put back the key it was kept with" in refused(markup.submit(client, form)).words


# The way out.


def test_disconnecting_says_first_what_it_does_and_a_link_to_it_does_nothing(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    client = sign_in(world.zoe)
    page = markup.get(client, PAGE)
    assert "Disconnect Night Owls… The token is deleted here and made void in Slack." in page.words
    assert [tag for tag, given in page.tags if "danger" in given.get("class", "")] == ["details"]
    assert client.get(f"{PAGE}/disconnect").status_code == 405
    assert Row.objects.get().token is not None
    assert slack.calls == []


def test_disconnecting_removes_the_token_here_and_there(world: World, slack: Slack, sign_in: SignIn) -> None:
    (ana,) = world.members("Ana")
    slack.joins(ana)
    client = sign_in(world.zoe)
    found = reads.workspace(world.principal)
    assert found is not None
    theirs = declaration.workspace(found.team_id, workspaces.credential(found))
    assert markup.submit(client, markup.get(client, PAGE).form("/disconnect")).status_code == 302
    assert "Night Owls is disconnected." in markup.get(client, PAGE).words
    assert Row.objects.get().token is None
    assert kinds() == ["slack_disconnected"]
    with pytest.raises(Failed, match="token_revoked"):
        theirs.call("auth.test")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5)])
    assert slack.messages == []
    assert {page.channel for page in incident.pages()} == {"email"}


def test_a_slack_that_does_not_confirm_stops_nobody_from_disconnecting(
    world: World, slack: Slack, sign_in: SignIn
) -> None:
    client = sign_in(world.zoe)
    slack.answer("auth.revoke", status=503)
    markup.submit(client, markup.get(client, PAGE).form("/disconnect"))
    assert "Slack did not confirm that it is void: remove the app there too." in markup.get(client, PAGE).words
    assert Row.objects.get().token is None


# What comes from outside, and what goes there.


@pytest.mark.parametrize("text", [HOSTILE, REVERSED])
def test_what_slack_says_is_text(world: World, slack: Slack, sign_in: SignIn, text: str) -> None:
    world.member("Ada", Role.ADMIN)
    workspaces.disconnect(world.zoe.principal)
    workspaces.connect(world.zoe.principal, workspaces.Granted("slack", "T0OWLS", text, "U1", slack.install()))
    contacts.remember(world.system, world.zoe.id, "T0OWLS", text)
    workspaces.lose(world.system, "slack", text, clock.now())
    client = sign_in(world.zoe)
    shown = text.replace("\u202e", "").replace("\u2066", "")
    page = markup.get(client, PAGE)
    check(page)
    # The workspace's name twice, whose user Zoe is, and why it was lost.
    assert page.text.count(shown) == 4
    check(refused(markup.submit(client, page.form("/channels"), channels=text)))
    Row.objects.update(match_asked_at=clock.now(), match_trouble=text)
    check(markup.get(client, PAGE))


def test_the_manifest_is_this_installations_and_has_no_secret(slack: Slack, settings: Settings) -> None:
    settings.NIGHTBELL = settings.NIGHTBELL.model_copy(update={"url": "https://pager.example.com"})
    answer: Any = Client().get("/slack/manifest.json")
    manifest = answer.json()
    assert manifest["oauth_config"]["redirect_urls"] == ["https://pager.example.com/slack/oauth"]
    assert manifest["settings"]["interactivity"]["request_url"] == "https://pager.example.com/slack/interactivity"
    (command,) = manifest["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/nightbell", "https://pager.example.com/slack/commands")
    assert command["should_escape"] is True
    asked = manifest["oauth_config"]["scopes"]
    assert asked == {"bot": list(SCOPES)}
    assert sorted(SCOPES) == [
        *("channels:manage", "chat:write", "commands", "groups:write", "im:write", "pins:read"),
        *("users:read", "users:read.email"),
    ]
    said = json.dumps(manifest)
    for secret in (slack.client_secret, slack.signing_secret, slack.client_id, KEY):
        assert secret not in said
    assert "xoxb-" not in said
