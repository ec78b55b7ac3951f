"""Guessing passwords: it is slowed down, and locks out nobody but whoever guesses."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from nightbell.data.models import Account
from tests.web import markup
from tests.world import Person, World

PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"
TOO_MANY = "Too many failed login attempts"
PROXY = "10.0.0.5"


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An installation behind a proxy that speaks TLS to the outside."""
    given = settings.NIGHTBELL.model_copy(update={"url": "https://testserver"})
    monkeypatch.setattr(settings, "NIGHTBELL", given)
    # The point here is how often a password is looked at, and not how long that takes.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield world


def knows(person: Person) -> Person:
    found = Account.objects.get(pk=person.id)
    found.set_password(PASSWORD)
    found.save()
    return person


def at(address: str) -> Client:
    """A browser there."""
    return Client(REMOTE_ADDR=PROXY, headers={"x-forwarded-for": f"192.0.2.77, {address}"})


def tries(client: Client, email: str, password: str = PASSWORD) -> str:
    """What the attempt came to, by somebody who is not signed in."""
    client.cookies.pop(settings.SESSION_COOKIE_NAME, None)
    answer = client.post(LOGIN, {"login": email, "password": password})
    return "in" if answer.status_code == 302 else "locked" if TOO_MANY in markup.Page(answer, LOGIN).words else "wrong"


def guesses(email: str, address: str, times: int = 12) -> list[str]:
    client = at(address)
    return [tries(client, email, "wrong") for _ in range(times)]


def test_x02_who_guesses_behind_the_same_proxy_locks_out_nobody_else(told: World) -> None:
    knows(told.zoe)
    found = [tries(at("203.0.113.9"), f"nobody{number}@owls.example") for number in range(12)]
    assert found == ["wrong"] * 10 + ["locked"] * 2
    assert tries(at("203.0.113.9"), told.zoe.email) == "locked"
    assert tries(at("203.0.113.10"), told.zoe.email) == "in"


def test_x02_one_network_of_version_6_is_one(told: World) -> None:
    for number in range(10):
        tries(at(f"2001:db8:0:1::{number}"), f"nobody{number}@owls.example")
    assert tries(at("2001:db8:0:1:ffff::1"), "nobody@owls.example") == "locked"
    assert tries(at("2001:db8:0:2::1"), "nobody@owls.example") == "wrong"


def test_x02_what_a_stranger_writes_into_the_header_makes_them_nobody_else(told: World) -> None:
    found = []
    for number in range(12):
        client = Client(REMOTE_ADDR=PROXY, headers={"x-forwarded-for": f"198.51.100.{number}, 203.0.113.9"})
        found.append(tries(client, f"nobody{number}@owls.example"))
    assert found[-1] == "locked"


def test_x02_attempts_at_one_account_are_counted_from_everywhere(told: World) -> None:
    knows(told.zoe)
    hosts = ("testserver", "localhost", "127.0.0.1", "[::1]", "localhost:81")
    for number, host in enumerate(hosts):
        client = Client(REMOTE_ADDR=PROXY, headers={"x-forwarded-for": f"203.0.113.{number}", "host": host})
        assert tries(client, told.zoe.email.upper() if number % 2 else told.zoe.email, "wrong") == "wrong"
    assert tries(at("203.0.113.200"), told.zoe.email) == "locked"


def test_x02_the_count_is_kept_where_every_process_sees_it(told: World) -> None:
    knows(told.zoe)
    assert guesses(told.zoe.email, "203.0.113.9", 6)[-1] == "locked"
    with connection.cursor() as cursor:
        cursor.execute("select count(*), bool_or(cache_key like '%%owls%%') from rate_limit")
        assert cursor.fetchone() == (2, False)
        cursor.execute("delete from rate_limit")
    assert tries(at("203.0.113.9"), told.zoe.email) == "in"


def test_x02_nobody_uses_up_the_attempts_of_a_device_that_signed_in_before(told: World) -> None:
    knows(told.zoe)
    device = at("203.0.113.9")
    assert tries(device, told.zoe.email) == "in"
    # From the same network, and from elsewhere.
    assert guesses(told.zoe.email, "203.0.113.9")[-1] == "locked"
    assert guesses(told.zoe.email, "198.51.100.1")[-1] == "locked"
    for number in range(35):
        tries(at("203.0.113.9"), f"nobody{number}@owls.example")
    assert tries(device, told.zoe.email.upper()) == "in"


def test_x02_a_device_is_known_for_who_signed_in_on_it_alone(told: World) -> None:
    (ana,) = told.members("Ana")
    for each in (told.zoe, ana):
        knows(each)
    device = at("203.0.113.9")
    assert tries(device, ana.email) == "in"
    guesses(told.zoe.email, "198.51.100.1")
    assert tries(device, told.zoe.email) == "locked"
    # Once both of them have signed in on it, it is known for both.
    told_later = at("203.0.113.10")
    with connection.cursor() as cursor:
        cursor.execute("delete from rate_limit")
    assert [tries(told_later, each.email) for each in (ana, told.zoe)] == ["in", "in"]
    guesses(told.zoe.email, "198.51.100.1")
    guesses(ana.email, "198.51.100.2")
    assert [tries(told_later, each.email) for each in (ana, told.zoe)] == ["in", "in"]


def test_x02_a_known_device_has_attempts_of_its_own_and_no_more(told: World) -> None:
    knows(told.zoe)
    device = at("203.0.113.9")
    tries(device, told.zoe.email)
    found = [tries(device, told.zoe.email, "wrong") for _ in range(11)]
    assert found == ["wrong"] * 10 + ["locked"]
    assert tries(device, told.zoe.email) == "locked"


def test_x02_a_right_password_on_a_known_device_uses_up_nothing(told: World) -> None:
    knows(told.zoe)
    device = at("203.0.113.9")
    assert [tries(device, told.zoe.email) for _ in range(15)] == ["in"] * 15


def test_x02_nobody_makes_a_mark_themselves(told: World) -> None:
    knows(told.zoe)
    guesses(told.zoe.email, "198.51.100.1")
    name = settings.NIGHTBELL.cookie("device")
    device = at("203.0.113.9")
    for made_up in ("x", "eyJ4IjoxfQ:1:2", "\xe9", "a" * 5000):
        device.cookies[name] = made_up
        assert tries(device, told.zoe.email) == "locked"


def test_x02_the_mark_is_for_no_script_and_goes_nowhere_else(told: World) -> None:
    knows(told.zoe)
    device = at("203.0.113.9")
    tries(device, told.zoe.email)
    mark = device.cookies["__Host-nightbell_device"]
    assert (mark["httponly"], mark["secure"], mark["samesite"], mark["path"]) == (True, True, "Lax", "/")
    assert str(told.zoe.id) not in mark.value


def test_an_account_with_capitals_signs_in_by_its_password(told: World) -> None:
    knows(told.zoe)
    Account.objects.filter(pk=told.zoe.id).update(email="Zoe.Owl@owls.example")
    for written in ("Zoe.Owl@owls.example", "zoe.owl@owls.example", "ZOE.OWL@OWLS.EXAMPLE"):
        assert tries(at("203.0.113.9"), written) == "in"
