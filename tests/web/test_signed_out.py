"""Whoever is signed out: what they may write, which is nothing, and what becomes of what they typed."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nightbell.data import record
from nightbell.data.claims import notices
from nightbell.data.models import Account, Audit, Notice
from tests import routes
from tests.web import markup
from tests.world import World

NOTE = 'on a <plane> & "away"'
PASSWORD = "a long enough phrase"
FILLING = {
    "int": "1",
    "uuid": "00000000-0000-7000-8000-000000000001",
    "str": "x",
}
EVERYTHING = {
    "note": "n" * 200_000,
    "target": "x",
    "title": "x",
    "organization": FILLING["uuid"],
    "email": "nobody@example.com",
    "login": "nobody@example.com",
    "password": "wrong wrong wrong",
    "token": "x",
    "code": "x",
    "state": "x",
}


def addresses() -> Iterator[str]:
    """Every address there is, with something in its places."""
    for route in routes.every():
        written = re.sub(r"\(\?P<.*", "1-set-password/", route)
        yield "/" + re.sub(r"<(\w+):\w+>", lambda place: FILLING[place[1]], written)


# How often somebody tried to sign in: one row per account and per network, for minutes. A link for a forgotten password
# is a row where there is such a member, and so is a sign-in that failed.
ALLOWED = ('rate_limit"', notices.QUEUE_LINK.partition("%(")[0], record.OF_ACCOUNT.partition("%(")[0])


def test_x03_nobody_signed_out_writes_a_row(told: World) -> None:
    wrote = []
    known = list(Audit.objects.values_list("id", flat=True))
    everywhere = list(addresses())
    assert {"/accounts/login/", "/incidents/1/handoff", "/v1/incidents", "/slack/oauth"} <= set(everywhere)
    for address in everywhere:
        for method in ("GET", "POST"):
            client = Client(raise_request_exception=False)
            client.cookies[settings.SESSION_COOKIE_NAME] = "made-up-by-somebody-else-0000000"
            with CaptureQueriesContext(connection) as asked:
                client.generic(method, address) if method == "GET" else client.post(address, EVERYTHING)
            wrote += [
                (method, address, each["sql"])
                for each in asked
                if any(word in each["sql"].upper() for word in ("INSERT ", "UPDATE ", "DELETE "))
                and not any(allowed in each["sql"] for allowed in ALLOWED)
            ]
    assert wrote == []
    assert not Notice.objects.exists()
    assert not Audit.objects.exclude(id__in=known).exists()


@pytest.mark.parametrize("act", ["handoff", "resolve"])
def test_x03_what_was_typed_signed_out_waits_in_the_form_to_sign_in(told: World, act: str) -> None:
    (ana,) = told.members("Ana")
    account = Account.objects.get(pk=ana.id)
    account.set_password(PASSWORD)
    account.save()
    client = Client()
    path = f"/incidents/{told.opens('DB pool exhausted', layers=[([ana], 5)]).number}/{act}"
    answer = client.post(path, {"note": NOTE, "target": str(ana.id)})
    # As a browser follows it: the same method, the same form.
    assert answer.status_code == 307
    asked = markup.Page(client.post(answer["Location"], {"note": NOTE, "target": str(ana.id)}), answer["Location"])
    assert "What you typed is kept; it has not been sent." in asked.words
    assert "This field is required" not in asked.words
    (form,) = asked.forms
    assert form.fields["note"] == NOTE
    refused = markup.Page(markup.submit(client, form, login=account.email, password="wrong wrong wrong"), form.action)
    (form,) = refused.forms
    assert markup.submit(client, form, login=account.email, password=PASSWORD)["Location"] == path
    assert markup.get(client, path).form(f"/{act}").fields["note"] == NOTE
    assert markup.get(client, path).form(f"/{act}").fields["note"] == ""


def test_x03_what_is_kept_of_a_draft_has_an_end(told: World) -> None:
    page = Client().post("/accounts/login/?next=/incidents/1/handoff", {"note": "n" * 200_000})
    assert page.status_code == 200
    assert len(page.content) < 20_000


def test_p30_no_form_takes_a_file(told: World) -> None:
    note = SimpleUploadedFile("note.txt", b"x")
    assert Client().post("/accounts/login/", {"login": "nobody@example.com", "note": note}).status_code == 400
