"""Letting Nightbell into a workspace through a browser: to Slack's page and back, and every way that may end badly."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.core import signing
from django.test import Client
from pytest_django import Settings

from nightbell.actions import organizations, people, workspaces
from nightbell.channels.slack import declaration
from nightbell.channels.slack.client import SCOPES
from nightbell.data import secrets
from nightbell.data.access.principal import Principal
from nightbell.data.models import Audit, Role
from nightbell.data.models import Workspace as Row
from nightbell.data.reads import workspaces as reads
from tests.web import markup
from tests.web.conftest import SignIn
from tests.workspace import Slack, configured
from tests.world import Person, World

PAGE = "/settings/slack"
SALT = "nightbell.slack.state"
ONLY_WHO_SET_OUT = "only the admin who set out can come back, within an hour"


@pytest.fixture
def open_slack(told: World, settings: Settings) -> Iterator[Slack]:
    """A workspace whose app this installation has, and that nobody has connected yet."""
    with Slack(told) as workspace:
        settings.NIGHTBELL = configured(settings.NIGHTBELL, workspace)
        yield workspace
        workspace.assert_clean()


def sets_out(client: Client, world: World) -> str:
    """Slack's page, where the browser is sent."""
    (link,) = {each for each in markup.get(client, PAGE).links if each.startswith("/slack/connect")}
    answer = client.get(link)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(link).query) == {"organization": [str(world.organization.id)]}
    return str(answer["Location"])


def comes_back(slacks_page: str) -> str:
    """Where Slack sends the browser, once somebody has pressed a button there."""
    answer = requests.get(slacks_page, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def arrives(client: Client, address: str) -> markup.Page:
    """What the admin sees at the end."""
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "127.0.0.1:8000", "/slack/oauth")
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302
    assert answer["Location"] == "http://127.0.0.1:8000/settings/slack"
    return markup.get(client, PAGE)


def changed(address: str, **values: str) -> str:
    """The same address with other parameters."""
    parts = urlsplit(address)
    given = {name: each for name, (each,) in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode({**given, **values})).geturl()


def nothing_happened() -> bool:
    return not Row.objects.exists() and not Audit.objects.filter(kind__startswith="slack_").exists()


def test_an_admin_lets_nightbell_in_and_it_is_on_the_record(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    assert "Page people where they are" in markup.get(client, PAGE).words
    slacks_page = sets_out(client, told)
    asked = parse_qs(urlsplit(slacks_page).query)
    assert slacks_page.startswith(f"{open_slack.url}/oauth/v2/authorize?")
    assert set(asked["scope"][0].split(",")) == set(SCOPES)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/slack/oauth"]
    page = arrives(client, comes_back(slacks_page))
    assert "Night Owls is connected." in page.words
    found = reads.workspace(told.principal)
    assert found is not None
    assert (found.team_id, found.bot_user_id) == (open_slack.team_id, open_slack.bot_user_id)
    assert secrets.decrypt(found.token).startswith("xoxb-")
    there = declaration.workspace(found.team_id, workspaces.credential(found))
    assert there.call("auth.test")["team_id"] == open_slack.team_id
    (entry,) = Audit.objects.filter(kind="slack_connected")
    assert (entry.actor["name"], entry.actor["via"]) == ("Zoe", "web")
    assert entry.data == {"teamId": open_slack.team_id, "teamName": "Night Owls"}


def test_going_to_slack_and_not_coming_back_changes_nothing(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    comes_back(sets_out(sign_in(told.zoe), told))
    assert nothing_happened()
    assert open_slack.calls == []


def test_whoever_presses_cancel_is_told_that_nothing_happened(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    open_slack.lets_in(False)
    page = arrives(client, comes_back(sets_out(client, told)))
    assert "Slack was not connected: nobody let Nightbell in." in page.words
    assert nothing_happened()


def test_a_state_is_good_for_whoever_set_out_and_for_nobody_else(
    told: World, open_slack: Slack, sign_in: SignIn
) -> None:
    ada, bo = told.member("Ada", Role.ADMIN), told.member("Bo")
    back = comes_back(sets_out(sign_in(told.zoe), told))
    assert ONLY_WHO_SET_OUT in arrives(sign_in(ada), back).words
    parts = urlsplit(back)
    assert sign_in(bo).get(f"{parts.path}?{parts.query}").status_code == 302
    answer: Any = Client().get(f"{parts.path}?{parts.query}")
    assert answer["Location"].startswith("/accounts/login/?next=")
    assert "code" not in answer["Location"]
    assert nothing_happened()
    assert open_slack.calls == [], "a code was exchanged for somebody else"


def test_an_admin_who_is_one_no_longer_cannot_come_back(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    ada = told.member("Ada", Role.ADMIN)
    client = sign_in(ada)
    back = urlsplit(comes_back(sets_out(client, told)))
    told.removes(ada)
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert nothing_happened()
    assert open_slack.calls == []


def test_a_state_is_good_for_an_hour(
    told: World, open_slack: Slack, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(told.zoe)
    back = comes_back(sets_out(client, told))
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: time.time() + 3602))
    assert ONLY_WHO_SET_OUT in arrives(client, back).words
    assert nothing_happened()
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: time.time() + 3500))
    assert "Night Owls is connected." in arrives(client, back).words


def test_a_forged_state_is_nobodys(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    back = comes_back(sets_out(client, told))
    state = parse_qs(urlsplit(back).query)["state"][0]
    mine = [told.organization.id.hex, str(told.zoe.id)]
    forged = (
        *("", "x", "\0", state[:-1], state.swapcase(), "é" * 50, "x" * 5000),
        *(signing.dumps(value, salt=SALT) for value in ([], "x", {"a": 1}, [1, 2, 3])),
        signing.dumps(mine, salt="another"),
        signing.dumps(["not an id", str(told.zoe.id)], salt=SALT),
        signing.dumps([None, str(told.zoe.id)], salt=SALT),
    )
    for each in forged:
        assert ONLY_WHO_SET_OUT in arrives(client, changed(back, state=each)).words
    assert nothing_happened()
    assert open_slack.calls == []
    # What makes these forgeries is the state: everything else is as it should be.
    assert "Night Owls is connected." in arrives(client, back).words


def test_a_state_does_not_lead_into_another_organization(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    larks, _ = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    client = sign_in(told.zoe)
    for organization in (str(larks.id), "", "x", "\0"):
        answer = client.get("/slack/connect", {"organization": organization})
        assert answer["Location"] == "http://127.0.0.1:8000/settings/slack"
    assert ONLY_WHO_SET_OUT in markup.get(client, PAGE).words
    theirs = signing.dumps([larks.id.hex, str(told.zoe.id)], salt=SALT)
    back = changed(comes_back(sets_out(client, told)), state=theirs)
    assert ONLY_WHO_SET_OUT in arrives(client, back).words
    assert nothing_happened()


def test_members_and_strangers_cannot_set_out(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    link = f"/slack/connect?organization={told.organization.id}"
    answer = sign_in(told.member("Bo")).get(link)
    assert answer["Location"] == "http://127.0.0.1:8000/settings/slack"
    assert Client().get(link)["Location"].startswith("/accounts/login/?next=")
    assert Client().post(link).status_code == 405


def test_a_code_serves_once_and_a_wrong_one_never(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    back = comes_back(sets_out(client, told))
    assert "Slack was not connected: Slack: invalid_code" in arrives(client, changed(back, code="guessed")).words
    assert nothing_happened()
    arrives(client, back)
    before = Row.objects.get().token
    assert "Slack was not connected: Slack: code_already_used" in arrives(client, back).words
    assert Row.objects.get().token == before


def test_an_answer_that_does_not_come_connects_nothing_and_says_so(
    told: World, open_slack: Slack, sign_in: SignIn
) -> None:
    client = sign_in(told.zoe)
    back = comes_back(sets_out(client, told))
    open_slack.answer("oauth.v2.access", status=503, times=1)
    assert "Slack was not connected: Slack: unavailable" in arrives(client, back).words
    assert nothing_happened()


def test_an_app_that_may_too_little_is_refused_and_says_what_it_lacks(
    told: World, open_slack: Slack, sign_in: SignIn
) -> None:
    client = sign_in(told.zoe)
    asked = sets_out(client, told)
    fewer = ",".join(scope for scope in SCOPES if scope not in {"chat:write", "pins:read"})
    page = arrives(client, comes_back(changed(asked, scope=fewer)))
    assert "the app lacks the scopes chat:write, pins:read. Renew its manifest." in page.words
    assert nothing_happened()


def test_a_workspace_that_another_organization_has_is_refused(told: World, open_slack: Slack, sign_in: SignIn) -> None:
    zoe = sign_in(told.zoe)
    arrives(zoe, comes_back(sets_out(zoe, told)))
    larks, membership = organizations.create(
        Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark")
    )
    lark = sign_in(Person(told, membership.user_id, "Lark", "lark@larks.example", Role.ADMIN))
    asked = lark.get("/slack/connect", {"organization": str(larks.id)})["Location"]
    page = arrives(lark, comes_back(asked))
    assert "Another organization here uses the workspace Night Owls." in page.words
    assert reads.workspace(Principal.operator(larks.id)) is None
    assert Row.objects.count() == 1


def test_another_workspace_is_refused_while_one_is_connected(
    told: World, open_slack: Slack, sign_in: SignIn, settings: Settings
) -> None:
    client = sign_in(told.zoe)
    arrives(client, comes_back(sets_out(client, told)))
    elsewhere = Slack(told)
    elsewhere._memory.app = type(elsewhere._memory.app)(
        open_slack.client_id, open_slack.client_secret, open_slack.signing_secret, "T0ELSE", "Elsewhere"
    )
    with elsewhere:
        settings.NIGHTBELL = configured(settings.NIGHTBELL, elsewhere)
        asked = client.get("/slack/connect", {"organization": str(told.organization.id)})["Location"]
        page = arrives(client, comes_back(asked))
        elsewhere.assert_clean()
    assert "The workspace Night Owls is connected. Disconnect it first: there is one at a time." in page.words
    assert Row.objects.get().team_id == open_slack.team_id


def test_whoever_was_shut_out_connects_again_from_the_page_that_says_so(
    told: World, open_slack: Slack, sign_in: SignIn
) -> None:
    client = sign_in(told.zoe)
    arrives(client, comes_back(sets_out(client, told)))
    open_slack.revoke()
    workspaces.lose(told.system, "slack", "token_revoked", Row.objects.get().connected_at)
    page = markup.get(client, PAGE)
    assert "Slack no longer lets Nightbell in" in page.words
    assert "token_revoked" in page.words
    arrives(client, comes_back(sets_out(client, told)))
    assert "no longer lets Nightbell in" not in markup.get(client, PAGE).words
