"""The demo's own pages, one by one."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.test import Client
from pytest_django import Settings

from nightbell.actions import incidents
from nightbell.cli import demo_settings
from nightbell.conf import settings as conf
from nightbell.core.incident import actor, state
from nightbell.data.access import principal
from nightbell.data.models import Account, EscalationPolicy
from nightbell.demo import clock, inbox, people
from tests.cli import installations

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana@night-owls.example"


@pytest.fixture
def client(settings: Settings, client: Client) -> Iterator[Client]:
    settings.INSTALLED_APPS = demo_settings.INSTALLED_APPS
    settings.TEMPLATES = demo_settings.TEMPLATES
    settings.ROOT_URLCONF = demo_settings.ROOT_URLCONF
    people.prepare()
    yield client
    clock.reset()


@pytest.fixture
def mail_port() -> Iterator[int]:
    port = installations.free_port()
    inbox.INBOX.listen(port)
    yield port
    inbox.INBOX.close()


def send(port: int, to: str, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["To"], mail["From"], mail["Subject"] = to, "nightbell@night-owls.example", subject
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
        smtp.send_message(mail)


def open_one() -> None:
    ana = Account.objects.get(email=ANA)
    by = principal.of_user(ana.id, actor.Via.WEB, since=None)
    assert by is not None
    given = incidents.Opening("Disk", state.Severity.LOW, ana.id, policy_id=EscalationPolicy.objects.get().id)
    incidents.open_incident(by, given)


def test_the_first_visit_is_anas_without_a_password(client: Client) -> None:
    page = client.get("/demo/").content.decode()
    assert "Good night, Ana." in page
    assert client.get("/").status_code == 200
    for each in people.everybody():
        assert each.account.name in page
        assert each.part in page
    assert "in no layer" in page


def test_a_click_makes_you_somebody_else(client: Client) -> None:
    client.get("/demo/")
    bo = Account.objects.get(first_name="Bo")
    answer = client.post(f"/demo/be/{bo.id}/", {"next": "/policies"})
    assert answer.headers["Location"] == "/policies"
    assert "Good night, Bo." in client.get("/demo/").content.decode()
    assert client.post("/demo/be/019a0000-0000-7000-8000-000000000000/").status_code == 404
    assert client.get(f"/demo/be/{bo.id}/").status_code == 405


def test_nobody_is_sent_elsewhere(client: Client) -> None:
    answer = client.post("/demo/fast-forward/", {"by": "1", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/demo/"


@pytest.mark.parametrize(("by", "minutes"), [("1", 1), ("5", 5)])
def test_the_clock_moves_by_minutes(client: Client, by: str, minutes: int) -> None:
    client.get("/demo/")
    client.post("/demo/fast-forward/", {"by": by})
    assert clock.offset() == timedelta(minutes=minutes)
    assert f"{minutes} min ahead" in client.get("/demo/").content.decode()


def test_the_clock_moves_to_just_after_the_next_deadline(client: Client) -> None:
    client.get("/demo/")
    client.post("/demo/fast-forward/", {"by": "next"})
    assert clock.offset() == timedelta()
    assert "No clock is running" in client.get("/demo/").content.decode()
    open_one()
    client.post("/demo/fast-forward/", {"by": "next"})
    assert timedelta() < clock.offset() < timedelta(seconds=1)
    assert client.get("/demo/fast-forward/").status_code == 405


def test_mail_is_shown_newest_first_to_those_who_are_somebody(client: Client, mail_port: int) -> None:
    assert client.get("/demo/inbox/").status_code == 302
    client.get("/demo/")
    send(mail_port, ANA, "First", "Acknowledge:\nhttp://127.0.0.1:8000/ack/x")
    send(mail_port, "bo@night-owls.example", "Second <b>", "<script>alert(1)</script>")
    page = client.get("/demo/inbox/").content.decode()
    assert page.index("Second &lt;b&gt;") < page.index("First")
    assert '<a href="http://127.0.0.1:8000/ack/x"' in page
    assert "<script>alert" not in page
    assert client.get("/demo/inbox/?count").content == b"2"
    part = client.get(f"/demo/inbox/?part&to={ANA}").content.decode()
    assert "First" in part
    assert "Second" not in part
    assert "<html" not in part


def test_pages_keep_the_strict_policy(client: Client) -> None:
    answer = client.get("/demo/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick" not in page


def test_an_installation_has_none_of_it(client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "nightbell.conf.urls"
    for path in ("/demo/", "/demo/inbox/", "/demo/slack/", "/demo/fast-forward/"):
        assert client.get(path).status_code == 404
    assert "nightbell.demo" not in conf.INSTALLED_APPS
