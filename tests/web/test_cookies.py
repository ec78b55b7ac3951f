"""What a browser is given to keep, and what it tells of itself: names of ours, and true reasons."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from nightbell.data.models import Account
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_signed_out import PASSWORD, addresses
from tests.world import Person, World

OURS = {"nightbell_session", "nightbell_csrf", "nightbell_device"}
LOGIN = "/accounts/login/"
# Asks a page as a proxy would that speaks TLS to the outside, and prints what it is told.
ASK = """
import django, json
django.setup()
from django.test import Client
answer = Client(headers={"host": "pager.example.com", "x-forwarded-proto": "https"}).get("/accounts/login/")
cookies = {name: [each["secure"], each["path"], each["domain"]] for name, each in answer.cookies.items()}
print(json.dumps({"cookies": cookies, "hsts": answer.headers.get("Strict-Transport-Security")}))
"""


def asked(url: str) -> dict[str, object]:
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "nightbell.conf.settings",
        "NIGHTBELL_URL": url,
        "NIGHTBELL_ALLOWED_HOSTS": "pager.example.com",
        "NIGHTBELL_SECRET_KEY": "x" * 50,
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def with_password(person: Person) -> None:
    account = Account.objects.get(pk=person.id)
    account.set_password(PASSWORD)
    account.save()


def login(client: Client, onward: str = "") -> markup.Form:
    (form,) = markup.get(client, f"{LOGIN}?next={onward}").forms
    return form


def signs_in(client: Client, person: Person, form: markup.Form) -> str:
    answer = markup.submit(client, form, login=person.email, password=PASSWORD)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def test_x20_whatever_a_browser_keeps_is_called_after_us(told: World) -> None:
    with_password(told.zoe)
    client = Client(enforce_csrf_checks=True)
    assert signs_in(client, told.zoe, login(client)) == "/"
    # A page that shows a message, one that asks for a form, and the way out.
    for path in ("/", "/settings/slack", "/shifts", "/docs", "/accounts/password/change/"):
        assert client.get(path).status_code == 200
    assert markup.submit(client, markup.get(client, "/").form("/logout/")).status_code == 302
    assert set(client.cookies) == OURS


def test_x20_over_https_no_other_host_sets_them_and_the_browser_stays_with_it() -> None:
    assert asked("https://pager.example.com") == {
        "cookies": {"__Host-nightbell_csrf": [True, "/", ""]},
        "hsts": "max-age=31536000",
    }
    assert asked("http://pager.example.com") == {"cookies": {"nightbell_csrf": ["", "/", ""]}, "hsts": None}


def test_x20_what_is_asked_by_head_is_answered_as_by_get(told: World, sign_in: SignIn) -> None:
    told.opens("DB pool exhausted", layers=[([told.zoe], 5)])
    client = sign_in(told.zoe)
    client.raise_request_exception = False
    changing = {"Set-Cookie", "X-Request-Id", "Content-Length", "X-Nightbell-Now", "Date"}
    everywhere = sorted(set(addresses()) | {"/static/nightbell/nightbell.css"})
    assert {"/", "/v1/incidents", "/docs", "/slack/manifest.json", "/incidents/1"} <= set(everywhere)
    differ = []
    for address in everywhere:
        get, head = client.get(address), client.head(address)
        same = get.status_code == head.status_code and {*get.headers} - changing == {*head.headers} - changing
        body = b"".join(head) if head.streaming else head.content
        b"".join(get)
        if not same or body:
            differ.append((address, get.status_code, head.status_code))
        if get.status_code == 200 and not get.streaming:
            assert head.headers["Content-Length"].isdigit()
    assert differ == []


@pytest.mark.parametrize(("onward", "leads"), [("/incidents/1", "/incidents/1"), ("//evil.example/", "/"), ("", "/")])
def test_x20_signing_in_in_a_second_tab_goes_on(told: World, onward: str, leads: str) -> None:
    with_password(told.zoe)
    client = Client(enforce_csrf_checks=True)
    first = login(client)
    second = login(client, onward)
    signs_in(client, told.zoe, first)
    assert signs_in(client, told.zoe, second) == leads


def test_x20_an_old_form_of_another_page_is_refused_as_ever(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    form = markup.get(client, "/incidents/new").form("/new")
    form.fields["csrfmiddlewaretoken"] = "x" * 64
    answer = markup.submit(client, form, title="DB pool exhausted")
    assert answer.status_code == 403
    assert "That form was too old" in markup.Page(answer, "/").words


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("null", "The browser did not say which page the form is from (Origin: null)."),
        ("https://evil.example", "The form is from https://evil.example, and the address of this installation is "),
        ("https://<b>\u202e", "The form is from https://<b>"),
    ],
)
def test_x20_where_a_form_came_from_is_the_reason_that_is_told(
    told: World, sign_in: SignIn, origin: str, why: str
) -> None:
    client = sign_in(told.zoe)
    form = markup.get(client, "/incidents/new").form("/new")
    answer = client.post(
        form.action, {**form.fields, "title": "x"}, headers={"origin": origin.encode().decode("latin-1")}
    )
    assert answer.status_code == 403
    page = markup.Page(answer, "/")
    assert why in page.words
    assert "That form came from elsewhere" in page.words
    refused = client.post("/v1/incidents", {}, content_type="application/json", headers={"origin": "null"})
    assert refused.json()["message"].startswith("The browser did not say")


def test_x20_a_stale_token_from_our_own_page_is_not_blamed_on_its_origin(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    for own in (settings.NIGHTBELL.url, "http://testserver"):
        answer = client.post("/incidents/new", {"title": "x"}, headers={"origin": own})
        assert "That form was too old" in markup.Page(answer, "/").words
