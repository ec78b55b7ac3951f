"""A forgotten password: the link leaves as everything does, and nobody is told who has an account."""

import re
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nightbell.actions import organizations, people
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Account, Notice
from tests.web import markup
from tests.world import Person, World

RESET = "/accounts/password/reset/"
SUBJECT = "Set a new Nightbell password"


def asks(email: str, **headers: str) -> str:
    """Where somebody is led who says that they forgot the password of this address."""
    client = Client()
    form = markup.get(client, RESET).forms[0]
    answer = client.post(form.action, {**form.fields, "email": email}, headers=headers)
    assert answer.status_code == 302
    assert "a link is on its way to it" in markup.get(client, answer["Location"]).words
    return str(answer["Location"])


def link(person: Person) -> str:
    mail = person.newest_mail
    assert mail.subject == SUBJECT
    (url,) = [word for word in mail.text.split() if "://" in word]
    return url


def opens(url: str) -> str:
    shown = Client().get(urlsplit(url).path, follow=True)
    return markup.Page(shown, "/").words


def test_a_forgotten_password_is_set_anew_by_mail(world: World) -> None:
    asks(world.zoe.email.upper())
    assert world.mail.messages == []
    world.settles()
    assert "Set your password" in opens(link(world.zoe))


def test_x05_the_mail_is_like_every_other_of_ours(world: World) -> None:
    asks(world.zoe.email)
    world.settles()
    mail = world.zoe.newest_mail
    (row,) = Notice.objects.all()
    headers = dict(mail.headers)
    assert headers["Message-ID"] == f"<{row.pk}@nightbell.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert mail.parsed.get_content_type() == "multipart/alternative"


def test_the_link_never_follows_the_host_that_asked(world: World) -> None:
    asks(world.zoe.email, host="localhost:1234")
    world.settles()
    assert link(world.zoe).startswith(f"{settings.NIGHTBELL.url}/accounts/password/reset/key/")
    assert "1234" not in world.zoe.newest_mail.text


def test_x05_what_did_not_leave_leaves_later_and_with_a_link_that_is_good_then(world: World) -> None:
    asks(world.zoe.email)
    with world.mail.refusing_connections():
        world.settles()
    # Longer than a link is good for.
    world.waits(days=4)
    assert "Set your password" in opens(link(world.zoe))


def test_x05_a_mail_server_that_stalls_holds_no_page(world: World) -> None:
    world.mail.stall()
    try:
        # No engine runs here: whoever talked to it would wait for ever.
        asks(world.zoe.email)
    finally:
        world.mail.hang_up()
    assert Notice.objects.get().state == "queued"


def test_x05_the_link_is_in_no_row(world: World) -> None:
    asks(world.zoe.email)
    world.settles()
    token = link(world.zoe).rstrip("/").rpartition("-")[2]
    with connection.cursor() as cursor:
        cursor.execute("select n::text from notice n")
        assert token not in str(cursor.fetchall())


def test_x05_asking_again_asks_for_nothing_more_until_it_has_left(world: World) -> None:
    for _ in range(3):
        asks(world.zoe.email)
    world.settles()
    assert [mail.subject for mail in world.inbox(world.zoe)] == [SUBJECT]
    world.sleeps(minutes=5)
    asks(world.zoe.email)
    world.settles()
    assert len(world.inbox(world.zoe)) == 2
    world.forgets_mail()


def test_x05_two_who_ask_at_one_moment_ask_for_one(world: World) -> None:
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait(10)
        people.forgot_password(SYSTEM, world.zoe.email)
        connections.close_all()

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    for each in asking:
        each.join(30)
    assert Notice.objects.count() == 1


def test_x05_nobody_is_written_to_who_cannot_come_in(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    world.removes(ana)
    Account.objects.filter(id=bo.id).update(is_active=False)
    for email in (ana.email, bo.email, "stranger@example.com", f"{world.zoe.email}.example", "%@owls.example"):
        asks(email)
    world.settles()
    assert world.mail.messages == []


def test_x05_who_left_after_asking_is_sent_nothing(world: World) -> None:
    (ana,) = world.members("Ana")
    asks(ana.email)
    world.removes(ana)
    world.settles()
    assert world.mail.messages == []


def test_x05_somebody_of_two_organizations_gets_one(world: World) -> None:
    organizations.create(Principal.operator(), "Larks", people.Person(world.zoe.email, "Zoe"))
    asks(world.zoe.email)
    world.settles()
    assert "Set your password" in opens(link(world.zoe))


def test_x05_who_left_one_organization_and_not_another_gets_one(world: World) -> None:
    (ana,) = world.members("Ana")
    organizations.create(Principal.operator(), "Larks", people.Person(ana.email, "Ana"))
    world.removes(ana)
    asks(ana.email)
    world.settles()
    assert "Set your password" in opens(link(ana))


def test_x05_an_address_with_capitals_is_found(world: World) -> None:
    world.zoe.email = "Zoe.Owl@owls.example"
    Account.objects.filter(id=world.zoe.id).update(email=world.zoe.email)
    asks(world.zoe.email)
    world.settles()
    assert "Set your password" in opens(link(world.zoe))


def test_x05_a_page_goes_first(world: World) -> None:
    asks(world.zoe.email)
    world.opens("DB pool exhausted", layers=[([world.zoe], 5)])
    world.settles()
    # The newest first.
    assert [mail.subject == SUBJECT for mail in world.inbox(world.zoe)] == [True, False]
    world.forgets_mail()


def test_x05_nothing_tells_who_has_an_account(world: World) -> None:
    """The same statements in the same order, and as many waits for the disk."""
    (ana,) = world.members("Ana")
    Account.objects.filter(id=ana.id).update(is_active=False)
    client = Client()
    form = markup.get(client, RESET).forms[0]
    # The first of a network makes the row that counts its attempts.
    client.post(form.action, {**form.fields, "email": "somebody@example.com"})
    asked, answers = [], []
    for email in (world.zoe.email, "stranger@example.com", ana.email):
        with CaptureQueriesContext(connection) as statements:
            answer = client.post(form.action, {**form.fields, "email": email})
        answers.append((answer.status_code, answer.content, {**answer.headers, "X-Request-Id": ""}))
        asked.append([re.sub(r"'[^']*'(::\w+)?", "?", each["sql"]) for each in statements])
    assert answers[0] == answers[1] == answers[2]
    assert asked[0] == asked[1] == asked[2]
    assert any("insert into notice" in each for each in asked[0])


@pytest.mark.parametrize("email", ["zoe@owls.example", "stranger@example.com"])
def test_x05_the_commit_waits_for_the_disk_whoever_asks(world: World, email: str) -> None:
    assert email == world.zoe.email or email.startswith("stranger")

    def written() -> int:
        with connection.cursor() as cursor:
            cursor.execute("select pg_current_wal_flush_lsn() - '0/0'")
            return int(cursor.fetchone()[0])

    before = written()
    people.forgot_password(SYSTEM, email)
    assert written() > before


def test_x05_without_a_mail_server_it_waits(world: World) -> None:
    asks(world.zoe.email)
    assert Notice.objects.filter(state="queued", due_at__lte=clock.now() + timedelta(seconds=1)).count() == 1
