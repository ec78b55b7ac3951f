"""The banner of what a restore holds, in a real browser: without a script, on a phone, in both themes."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nightbell import postgres
from tests import restoring
from tests.browser.conftest import SignIn
from tests.world import World


@pytest.fixture
def held(told: World, server: postgres.Server, tmp_path: Path) -> World:
    """Three incidents are held: one waits, one is answered, one has no policy."""
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5), ([told.zoe], 5)])
    ana.acknowledges(told.opens("Disk full", layers=[([ana], 5)]))
    told.opens("Certificate expires")
    restoring.restore(server, tmp_path / "export.zip")
    return told


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_p27_the_banner_can_be_read_by_everybody(held: World, sign_in: SignIn, theme: str, width: int) -> None:
    page = sign_in(held.zoe, color_scheme=theme, viewport={"width": width, "height": 900}).new_page()
    for path in ("/", "/incidents/1", "/incidents/2", "/incidents/3"):
        page.goto(path)
        expect(page.get_by_text("Paging is held for 3 incidents")).to_be_visible()
        if path == "/":
            page.get_by_text("Resume paging…").click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found = Axe().run(page)
        assert found.response["violations"] == []


def test_p27_resuming_needs_no_script(held: World, sign_in: SignIn) -> None:
    page = sign_in(held.zoe, java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_text("Resume paging…").click()
    page.get_by_role("button", name="Yes, page for 3 incidents").click()
    expect(page.get_by_text("Paging goes on for 3 incidents.")).to_be_visible()
    expect(page.get_by_text("Paging is held")).to_have_count(0)


def test_p27_a_page_that_stays_open_sees_the_hold_end(held: World, sign_in: SignIn) -> None:
    page = sign_in(held.zoe).new_page()
    page.goto("/incidents/1")
    expect(page.locator("#held")).to_contain_text("Paging is held")
    other = sign_in(held.zoe, java_script_enabled=False).new_page()
    other.goto("/")
    other.get_by_text("Resume paging…").click()
    other.get_by_role("button", name="Yes, page for 3 incidents").click()
    expect(page.locator("#held")).to_be_empty(timeout=30_000)
