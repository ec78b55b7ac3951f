"""The pages of schedules in a real browser: for everybody, at 320 pixels, by keyboard, and without script."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nightbell.actions import rotations
from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.models import Role
from nightbell.data.reads import schedules
from tests.browser.conftest import SignIn
from tests.browser.test_pages import PHONE, watch
from tests.rota import Rota
from tests.world import Person, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def rotating(told: World) -> tuple[Rota, Person, Person, Person]:
    """A schedule with two layers, a gap in the second, an override, and somebody who has left."""
    ana, bo, cy = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    rota = Rota(told, timezone="America/New_York")
    rota.layer(ana, bo, effective_until=clock.now() + timedelta(days=12))
    ends = clock.now() + timedelta(days=5)
    rota.layer(bo, cy, told.zoe, kind=oncall.Kind.DAILY, effective_until=ends)
    rota.override(cy, days=1, hours=30)
    told.ends_membership(told.member("Gone"))
    return rota, ana, bo, cy


# Colours do not depend on the width, so that each theme is looked at in one of the two.
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_the_pages_of_schedules_are_in_nobody_s_way(told: World, sign_in: SignIn, scheme: str, size: str) -> None:
    rota, ana, *_ = rotating(told)
    base = f"/schedules/{rota.id}"
    told.ends_membership(told.zoe)
    page = sign_in(ana, color_scheme=scheme, **(PHONE if size == "phone" else {})).new_page()
    complaints = watch(page)
    seen = [base, f"{base}?weeks=1", f"{base}?weeks=4&zone=mine", f"{base}?from=2027-03-10"]
    forms = [
        f"{base}/override",
        f"{base}/layers/new",
        f"{base}/layers/{rota.layers[1]}",
        "/schedules/new",
        f"{base}/edit",
        "/shifts",
    ]
    for path in ["/schedules", *seen, *forms, "/", "/policies"]:
        page.goto(path)
        for summary in page.locator("main summary").all():
            summary.click()
        violations = Axe().run(page).response["violations"]
        assert [(path, each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert complaints == []


def test_by_keyboard_from_the_table_to_an_override(told: World, sign_in: SignIn) -> None:
    rota, ana, bo, _ = rotating(told)
    page = sign_in(ana).new_page()
    page.goto(f"/schedules/{rota.id}")
    page.get_by_text("The same as a table").focus()
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "A":
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Override")
    page.locator("#user").focus()
    page.keyboard.type("Bo")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Override").press("Enter")
    expect(page.locator("h1")).to_have_text("Platform on-call")
    assert bo.id in [row.user_id for row in schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST)]


def test_nothing_that_is_drawn_takes_the_keyboard(told: World, sign_in: SignIn) -> None:
    rota, ana, *_ = rotating(told)
    page = sign_in(ana).new_page()
    page.goto(f"/schedules/{rota.id}")
    assert page.locator(".rota-body a").count() > 5
    assert page.evaluate("[...document.querySelectorAll('.rota-body a')].every((each) => each.tabIndex === -1)")


def test_a_click_on_a_shift_opens_the_override_without_script(told: World, sign_in: SignIn) -> None:
    rota, ana, bo, _ = rotating(told)
    page = sign_in(ana, java_script_enabled=False).new_page()
    page.goto(f"/schedules/{rota.id}")
    page.locator(".rota-row.final a.box.turn").last.click()
    expect(page).to_have_url(re.compile(r"/override\?from="))
    page.locator("#user").select_option(str(bo.id))
    page.get_by_role("button", name="Override").click()
    expect(page.locator("h1")).to_have_text("Platform on-call")
    assert len(schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST)) == 2


def test_participants_are_swapped_without_script(told: World, sign_in: SignIn) -> None:
    rota, ana, bo, _ = rotating(told)
    page = sign_in(ana, java_script_enabled=False).new_page()
    page.goto(f"/schedules/{rota.id}/layers/{rota.layers[0]}")
    page.get_by_role("button", name="Move turn 2 up").click()
    page.get_by_role("button", name="Show what moves").last.click()
    expect(page.get_by_text("What moves in the next 28 days")).to_be_in_viewport()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Platform on-call")
    assert schedules.layers(rota.world.principal, rota.id)[0].participants == (bo.id, ana.id)


def test_the_drawn_boxes_tile_the_width_of_the_picture(told: World, sign_in: SignIn) -> None:
    rota, ana, *_ = rotating(told)
    page = sign_in(ana).new_page()
    page.goto(f"/schedules/{rota.id}")
    row = page.locator(".rota-row.final svg")
    frame = row.bounding_box()
    boxes = [each.bounding_box() for each in row.locator("foreignObject:not(.named)").all()]
    assert frame is not None
    assert all(each and each["height"] >= 24 for each in boxes)
    assert abs(sum(each["width"] for each in boxes if each) - frame["width"]) < 1
