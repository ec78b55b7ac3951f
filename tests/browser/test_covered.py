"""On a phone nothing that is visible lies under something else, whichever form is open."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# What of the page can be acted on and is in sight, but would give its tap to something else: as the page stands, and
# with each of them brought into sight.
COVERED = """(scrolled) => {
  const covered = [];
  for (const each of document.querySelectorAll("a, button, summary, input, select, textarea")) {
    if (!each.checkVisibility({visibilityProperty: true}) || each.closest(".unseen, .skip")) continue;
    if (scrolled) each.scrollIntoView({block: scrolled, behavior: "instant"});
    const {x, y, width, height} = each.getBoundingClientRect();
    const at = [x + width / 2, y + height / 2];
    if (at[1] < 0 || at[1] >= innerHeight) { if (scrolled) covered.push(each.outerHTML); continue; }
    const found = document.elementFromPoint(...at);
    if (!each.contains(found) && !found?.closest("label")?.contains(each)) covered.push(each.outerHTML);
  }
  return covered;
}"""


def covered(page: Page) -> list[str]:
    return [each for how in ("nearest", "end", "start", None) for each in page.evaluate(COVERED, how)]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640)])
def test_w1_no_button_in_sight_is_covered_whichever_form_is_open(
    told: World, sign_in: SignIn, width: int, height: int
) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.opens("DB pool exhausted: checkout returns 500", layers=[([ana], 5), ([bo], 15)])
    page = sign_in(ana, viewport={"width": width, "height": height}, has_touch=True).new_page()
    for form in ("", "handoff", "escalate", "resolve"):
        page.goto("/incidents/1")
        if form:
            page.locator(f"#act-{form} > summary").tap()
            assert page.locator(f"#act-{form} form button").is_visible()
        page.evaluate("scrollTo(0, 0)")
        assert page.evaluate(COVERED, None) == [], form
        assert covered(page) == [], form
    # As it is shown where there is no script, and after a form was refused.
    for form in ("handoff", "resolve"):
        page.goto(f"/incidents/1/{form}")
        assert covered(page) == [], form
