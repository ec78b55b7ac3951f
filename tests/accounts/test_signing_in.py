"""How people sign in, set a password, and leave."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from nightbell.actions import people, signed_links
from nightbell.data.models import Account
from tests.web import markup
from tests.world import Person, World

PASSWORD = "correct horse battery"


@pytest.fixture
def browser() -> Client:
    """A browser that has not been here before."""
    return Client(enforce_csrf_checks=True)


def account(person: Person, password: str | None = None) -> Account:
    found = Account.objects.get(id=person.id)
    if password:
        found.set_password(password)
        found.save()
    return found


def sign_in(browser: Client, email: str, password: str, path: str = "/accounts/login/") -> tuple[int, str, markup.Page]:
    answer = markup.submit(browser, markup.get(browser, path).forms[0], login=email, password=password)
    return answer.status_code, answer.get("Location", ""), markup.Page(answer, path)


def test_by_address_and_password_and_back_to_where_one_was_going(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    path = "/accounts/login/?next=/policies"
    assert sign_in(browser, "ZOE@owls.example", PASSWORD, path)[:2] == (302, "/policies")
    assert "Escalation policies" in markup.get(browser, "/policies").words


def test_a_wrong_password_tells_nothing(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    answers = {sign_in(browser, email, "wrong")[2].words for email in (world.zoe.email, "nobody@owls.example")}
    assert len(answers) == 1
    assert "not correct" in answers.pop()


def test_guessing_is_slowed_down(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    for _ in range(5):
        sign_in(browser, world.zoe.email, "wrong")
    assert "Too many failed login attempts" in sign_in(browser, world.zoe.email, PASSWORD)[2].words


def test_nobody_is_led_to_another_site(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    path = "/accounts/login/?next=https://owls.example.net/"
    assert sign_in(browser, world.zoe.email, PASSWORD, path)[:2] == (302, "/")


def test_signing_out_asks_and_then_does(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    sign_in(browser, world.zoe.email, PASSWORD)
    asked = markup.get(browser, "/accounts/logout/")
    assert browser.get("/").status_code == 200
    assert markup.submit(browser, asked.forms[0]).status_code == 302
    assert browser.get("/").status_code == 302


def test_a_one_time_link_sets_a_password_and_signs_in_once(world: World, browser: Client) -> None:
    url = signed_links.sign_in_url(account(world.zoe))
    assert url.startswith(settings.NIGHTBELL.url + "/accounts/password/reset/key/")
    path = urlsplit(url).path
    shown = browser.get(path, follow=True)
    page = markup.Page(shown, shown.redirect_chain[-1][0])
    assert "Set your password" in page.words
    answer = markup.submit(browser, page.forms[0], password1=PASSWORD, password2=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Your password was changed." not in markup.get(browser, "/").words
    again = Client().get(path)
    assert "This link has been used" in markup.Page(again, path).words
    assert sign_in(Client(), world.zoe.email, PASSWORD)[0] == 302


def test_a_weak_password_is_refused_by_name(world: World, browser: Client) -> None:
    shown = browser.get(urlsplit(signed_links.sign_in_url(account(world.zoe))).path, follow=True)
    page = markup.Page(shown, shown.redirect_chain[-1][0])
    answer = markup.submit(browser, page.forms[0], password1="short", password2="short")
    assert "This password is too short." in markup.Page(answer, page.at).words


def test_the_password_is_changed_by_whoever_knows_it(world: World, browser: Client) -> None:
    account(world.zoe, PASSWORD)
    sign_in(browser, world.zoe.email, PASSWORD)
    form = markup.get(browser, "/accounts/password/change/").form("/change/")
    new = "a longer one than before"
    markup.submit(browser, form, oldpassword=PASSWORD, password1=new, password2=new)
    assert sign_in(Client(), world.zoe.email, new)[0] == 302


def test_whoever_has_no_password_yet_sets_one(world: World, browser: Client) -> None:
    browser.force_login(account(world.zoe), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert browser.get("/accounts/password/change/")["Location"] == "/accounts/password/set/"
    form = markup.get(browser, "/accounts/password/set/").form("/set/")
    markup.submit(browser, form, password1=PASSWORD, password2=PASSWORD)
    assert sign_in(Client(), world.zoe.email, PASSWORD)[0] == 302


@pytest.mark.parametrize("path", ["signup/", "email/", "confirm-email/x/", ""])
def test_pages_that_are_not_offered_are_not_there(world: World, browser: Client, path: str) -> None:
    assert browser.get(f"/accounts/{path}").status_code == 404


def test_a_removed_member_can_sign_in_and_sees_nothing(world: World, browser: Client) -> None:
    (ana,) = world.members("Ana")
    account(ana, PASSWORD)
    people.remove(world.system, ana.id)
    assert sign_in(browser, ana.email, PASSWORD)[0] == 302
    page = markup.get(browser, "/", 403)
    assert "You belong to no organization" in page.words
    assert markup.submit(browser, page.form("/logout/")).status_code == 302


def test_a_switched_off_account_is_told_so(world: World, browser: Client) -> None:
    found = account(world.zoe, PASSWORD)
    found.is_active = False
    found.save()
    assert sign_in(browser, world.zoe.email, PASSWORD)[:2] == (302, "/accounts/inactive/")
    assert "switched off" in markup.get(browser, "/accounts/inactive/").words
