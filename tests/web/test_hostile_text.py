"""Text from outside is text, wherever it is shown."""

import pytest
from django.test import Client

from nightbell.actions import signed_links
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data import clock
from nightbell.data.models import Account
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import World

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{ 7|add:7 }}"
REVERSED = "safe\u202egnp.exe\u2066"


def check(page: markup.Page) -> None:
    """Nothing on the page came out of the text."""
    assert [given.get("src") for tag, given in page.tags if tag == "script"] in ([], ["/static/nightbell/nightbell.js"])
    assert not any(name.startswith("on") or name == "style" for _, given in page.tags for name in given)
    assert all(given["src"].startswith("/static/") for tag, given in page.tags if tag == "img")
    assert "\u202e" not in page.text
    assert "\u2066" not in page.text


@pytest.mark.parametrize("text", [HOSTILE, REVERSED])
def test_h20_titles_names_and_notes_are_shown_as_they_are_typed(told: World, sign_in: SignIn, text: str) -> None:
    ana, bo = told.members("Ana", "Bo")
    mallory = told.member("Mallory")
    account = Account.objects.get(id=mallory.id)
    account.first_name = text
    account.save()
    incident = told.opens(text, layers=[([ana, mallory], 5), ([bo], 5)], description=text)
    ana.hands_off(incident, to=mallory, note=text)
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/resolve")
    shown = text.replace("\u202e", "").replace("\u2066", "")
    for path in ("/", "/incidents/1", "/incidents/new", "/policies", "/?q=" + text.replace("&", "%26")):
        page = markup.get(client, path)
        check(page)
        assert shown in page.text or shown in str([given for _, given in page.tags])
    stale = markup.get(client, "/incidents/1").form("/handoff")
    bo.acknowledges(incident)
    page = markup.Page(markup.submit(client, stale, target=str(bo.id), note=text), stale.action)
    check(page)
    assert page.form("/handoff").fields["note"] == text
    markup.submit(client, form, note=text)
    page = markup.get(client, "/incidents/1")
    check(page)
    assert page.text.count(shown) >= 4


@pytest.mark.parametrize("text", [HOSTILE, REVERSED])
def test_the_mail_link_shows_text_as_text(told: World, text: str) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens(text, layers=[([ana], 5)])
    at = signed_links.acknowledge_url(AcknowledgeGrant(incident.id, ana.id, clock.now())).removeprefix(
        "http://127.0.0.1:8000"
    )
    check(markup.get(Client(), at))


def test_the_policy_of_the_browser_is_strict(told: World, sign_in: SignIn) -> None:
    response = sign_in(told.zoe).get("/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_nul_bytes_and_wrong_types_are_refused(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/handoff")
    assert markup.submit(client, form, note="a\0b").status_code == 400
    for query in ("q=%00", "before=x", "before=" + "9" * 30, "severity=worst", "show=none", "q=" + "x" * 500):
        assert client.get("/?" + query).status_code == 200
    for path in ("/incidents/0", "/incidents/" + "9" * 30, "/incidents/-1", "/incidents/x"):
        assert client.get(path).status_code == 404
