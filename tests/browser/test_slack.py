"""The page of Slack in a real browser: to a screen reader, on a phone, without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from nightbell.actions import contacts
from nightbell.data.access.principal import SYSTEM
from tests.browser.conftest import SignIn
from tests.browser.test_pages import PHONE, watch
from tests.workspace import Slack
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("connected", [True, False])
def test_axe_finds_nothing_in_either_theme(
    told: World, slack: Slack, sign_in: SignIn, theme: str, connected: bool
) -> None:
    slack.joins(*told.members("Ana"))
    context = sign_in(told.zoe, color_scheme=theme)
    page = context.new_page()
    complaints = watch(page)
    page.goto("/settings/slack")
    if not connected:
        page.locator("summary", has_text="Disconnect Night Owls").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_role("link", name="Connect a workspace")).to_be_visible()
    else:
        page.get_by_role("button", name="Test identity match").click()
        expect(page.get_by_text("Looking members up in Slack: 0 of 2.")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        contacts.match(SYSTEM)
        expect(page.locator(".pill")).to_have_text("@ana · Ana")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert complaints == []


def test_a_test_page_is_sent_from_a_phone_without_script(told: World, slack: Slack, sign_in: SignIn) -> None:
    slack.joins(told.zoe)
    page = sign_in(told.zoe, java_script_enabled=False, **PHONE).new_page()
    page.goto("/settings/slack")
    page.get_by_role("button", name="Send me a test page").click()
    expect(page.locator(".messages")).to_have_text("Sent: look at Slack, and press its button.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert slack.page_of(told.zoe).shows("Test page")
