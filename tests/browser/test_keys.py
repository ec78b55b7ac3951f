"""The page of API keys in a real browser: to a screen reader, in both themes and widths, without script."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.browser.test_pages import PHONE, watch
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [{}, PHONE], ids=["desktop", "phone"])
def test_a_key_is_made_and_revoked(told: World, sign_in: SignIn, theme: str, width: dict[str, Any]) -> None:
    page = sign_in(told.zoe, color_scheme=theme, **width).new_page()
    complaints = watch(page)
    page.goto("/settings/keys")
    page.get_by_label("Name").fill("alertmanager")
    page.get_by_role("button", name="Make a key").click()
    assert page.get_by_label("The key").input_value().startswith("nb_live_")
    page.locator("summary", has_text="Revoke").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Revoke alertmanager").click()
    expect(page.get_by_text("No key works here.")).to_be_visible()
    assert complaints == []


def test_without_script_it_is_the_same(told: World, sign_in: SignIn) -> None:
    page = sign_in(told.zoe, java_script_enabled=False, **PHONE).new_page()
    page.goto("/settings/keys")
    page.get_by_label("Name").fill("ci")
    page.get_by_role("button", name="Make a key").click()
    assert page.get_by_label("The key").input_value().startswith("nb_live_")
