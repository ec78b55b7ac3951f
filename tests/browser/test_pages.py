"""The pages in a real browser: by keyboard, without script, on a phone, to a screen reader, with a wrong clock."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SignIn
from tests.world import Incident, Person, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True}


def paging(told: World) -> tuple[Incident, Person, Person, Person]:
    """An incident that waits for Ana, then Bo."""
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted: checkout returns 500", layers=[([ana], 5), ([bo], 15)])
    return incident, ana, bo, cy


def watch(page: Page) -> list[str]:
    """Whatever the browser complains of."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    return complaints


def test_by_keyboard_alone_from_the_list_to_acknowledged(told: World, sign_in: SignIn) -> None:
    incident, ana, *_ = paging(told)
    page = sign_in(ana).new_page()
    complaints = watch(page)
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(incident.view.title)
    page.keyboard.press("a")
    expect(page.locator(".lead")).to_contain_text("You are on it. Escalation stopped at")
    assert incident.now.state == "acknowledged"
    assert complaints == []


def test_h_hands_off_and_r_asks_before_it_resolves(told: World, sign_in: SignIn) -> None:
    incident, ana, bo, _ = paging(told)
    page = sign_in(ana).new_page()
    page.goto("/incidents/1")
    page.keyboard.press("h")
    expect(page.locator("#target")).to_be_focused()
    page.keyboard.type("Bo")
    expect(page.locator("#promise")).to_contain_text("Bo is paged now, and again if Bo does not answer in 5 min.")
    page.locator("#note").fill("ah: a note with an a in it")
    assert incident.now.owner_id == ana.id
    page.get_by_role("button", name="Hand off").click()
    expect(page.locator(".lead")).to_have_text("Waiting for Bo.")
    assert incident.now.owner_id == bo.id
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Yes, resolve #1")).to_be_focused()
    assert incident.now.state == "paging"
    page.keyboard.press("Enter")
    expect(page.locator(".lead")).to_contain_text("Resolved.")
    assert incident.now.state == "closed"


def test_shortcuts_can_be_switched_off(told: World, sign_in: SignIn) -> None:
    incident, ana, *_ = paging(told)
    page = sign_in(ana).new_page()
    page.goto("/incidents/1")
    page.keyboard.press("?")
    page.get_by_label("Keyboard shortcuts are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert incident.now.state == "paging"


def test_u5_without_script_people_acknowledge_hand_off_and_resolve(told: World, sign_in: SignIn) -> None:
    incident, ana, bo, _ = paging(told)
    page = sign_in(ana, java_script_enabled=False).new_page()
    page.goto("/incidents/1")
    page.get_by_role("button", name="Acknowledge").click()
    assert incident.now.state == "acknowledged"
    page.locator("#act-handoff summary").click()
    page.locator("#target").select_option(str(bo.id))
    page.get_by_role("button", name="Hand off").click()
    assert incident.now.owner_id == bo.id
    page.locator("#act-resolve summary").click()
    page.get_by_role("button", name="Yes, resolve #1").click()
    assert incident.now.state == "closed"


# Colours do not depend on the width, so that each theme is looked at in one of the two.
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_nothing_is_in_the_way_of_anybody(told: World, sign_in: SignIn, scheme: str, size: str) -> None:
    incident, ana, bo, cy = paging(told)
    taken = told.opens("Taken", layers=[([ana], 5), ([bo], 5)])
    bo.acknowledges(taken)
    told.opens("x" * 100, owner=cy, description="y" * 300)
    told.opens("Nobody", layers=[([cy], 1)])
    told.waits(minutes=1.1)
    cy.resolves(told.opens("Over", layers=[([cy], 1)]))
    cy.hands_off(incident, to=ana, note="z" * 300)
    page = sign_in(ana, color_scheme=scheme, **(PHONE if size == "phone" else {})).new_page()
    complaints = watch(page)
    paths = ["/", *(f"/incidents/{number}" for number in range(1, 6)), "/incidents/1/handoff", "/incidents/new"]
    for path in [*paths, "/policies", "/accounts/password/change/", "/accounts/logout/"]:
        page.goto(path)
        violations = Axe().run(page).response["violations"]
        assert [(path, each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert complaints == []


def test_on_a_phone_the_button_is_under_the_thumb(told: World, sign_in: SignIn) -> None:
    _, ana, *_ = paging(told)
    page = sign_in(ana, **PHONE).new_page()
    page.goto("/incidents/1")
    box = page.locator("#acknowledge").bounding_box()
    assert box is not None
    assert box["height"] >= 64
    assert box["width"] >= 280
    assert box["y"] + box["height"] <= 640
    small = page.evaluate(
        """[...document.querySelectorAll("a, button, summary, input, select")].filter((el) => el.offsetParent
        && !el.closest("p")).map((el) => [el.outerHTML, el.getBoundingClientRect().height]).filter(([, h]) => h < 47)"""
    )
    assert small == []


def test_every_open_page_shows_a_change_within_seconds(told: World, sign_in: SignIn) -> None:
    incident, ana, _, cy = paging(told)
    page = sign_in(ana).new_page()
    page.goto("/incidents/1")
    page.keyboard.press("h")
    page.locator("#note").fill("half a note")
    cy.acknowledges(incident)
    expect(page.locator(".lead")).to_contain_text("Cy is on it.", timeout=4000)
    assert page.locator("#note").input_value() == "half a note"
    page.locator("#target").select_option(label="Bo · bo@owls.example")
    page.get_by_role("button", name="Hand off").click()
    expect(page.locator(".refusal")).to_contain_text("Nothing was done")
    assert page.locator("#note").input_value() == "half a note"
    assert incident.now.owner_id == ana.id


def test_it_says_so_when_it_cannot_ask(told: World, sign_in: SignIn) -> None:
    _, ana, *_ = paging(told)
    context = sign_in(ana)
    page = context.new_page()
    page.goto("/incidents/1")
    context.set_offline(True)
    expect(page.locator("#link-state")).to_contain_text("Live updates lost, showing", timeout=6000)
    context.set_offline(False)
    expect(page.locator("#link-state")).to_be_hidden(timeout=6000)


def test_an_acknowledgement_is_never_shown_before_it_is_committed(told: World, sign_in: SignIn) -> None:
    incident, ana, *_ = paging(told)
    page = sign_in(ana).new_page()
    held: list[Route] = []
    page.route("**/acknowledge", lambda route: route.continue_() if held else held.append(route))
    page.goto("/incidents/1")
    page.keyboard.press("a")
    expect(page.locator("#acknowledge")).to_have_text("Sending…", timeout=1000)
    expect(page.locator("#acting")).to_contain_text("Not confirmed, still escalating in 4:", timeout=5000)
    expect(page.locator(".lead")).to_have_text("Waiting for you.")
    assert incident.now.state == "paging"
    held[0].abort()
    expect(page.locator(".lead")).to_contain_text("You are on it.")
    assert incident.now.state == "acknowledged"


def test_u2_a_laptop_that_wakes_looks_before_its_button_acts(told: World, sign_in: SignIn) -> None:
    incident, ana, bo, cy = paging(told)
    page = sign_in(ana).new_page()
    page.clock.install()
    page.goto("/incidents/1")
    page.keyboard.press("h")
    page.locator("#target").select_option(str(bo.id))
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    # It sleeps, and so hears of nothing until it wakes.
    asleep = re.compile("/incidents/1$")
    page.route(asleep, lambda route: route.abort())
    cy.acknowledges(incident)
    page.clock.set_system_time("2036-01-01T00:00:00Z")
    page.unroute(asleep)
    page.get_by_role("button", name="Hand off").click()
    expect(page.locator(".lead")).to_contain_text("Cy is on it.")
    expect(page.locator("p[aria-live]").last).to_contain_text("changed while you were away")
    assert posts == []
    assert incident.now.owner_id == ana.id


@pytest.mark.parametrize("browser_says", ["2001-01-01T00:00:00Z", "2041-06-01T12:00:00Z"])
def test_u3_countdowns_follow_the_servers_clock(told: World, sign_in: SignIn, browser_says: str) -> None:
    incident, ana, *_ = paging(told)
    page = sign_in(ana).new_page()
    page.clock.install(time=browser_says)
    page.goto("/incidents/1")
    expect(page.locator(".big")).to_have_text("4:58", timeout=9000)
    told.sleeps(minutes=2)
    expect(page.locator(".big")).to_contain_text("2:5", timeout=9000)
    assert incident.minutes_left == 3


def test_u6_a_session_that_ended_leads_through_sign_in(told: World, sign_in: SignIn) -> None:
    _, ana, *_ = paging(told)
    context = sign_in(ana)
    page = context.new_page()
    page.goto("/incidents/1")
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    expect(page.locator("#link-state")).to_contain_text("You are signed out.", timeout=5000)
    page.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url("/accounts/login/?next=%2Fincidents%2F1")
