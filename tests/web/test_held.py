"""What pages say of incidents that a restore holds, and the button that has them paged for again."""

from pathlib import Path

import pytest

from nightbell import postgres
from nightbell.actions import incidents
from nightbell.core.incident import state
from nightbell.data.models import Audit
from tests import restoring
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Incident, Person, World

BANNER = "Paging is held for 2 incidents that were open in the restored file."
HELD = "Held since the restore: nobody is paged"


@pytest.fixture
def held(told: World, server: postgres.Server, tmp_path: Path) -> tuple[Person, Incident, Incident]:
    """Ana was paged for one, and is on the other."""
    (ana,) = told.members("Ana")
    waiting, answered = (told.opens(title, layers=[([ana], 5), ([told.zoe], 5)]) for title in ("Disk", "Pool"))
    ana.acknowledges(answered)
    restoring.restore(server, tmp_path / "export.zip")
    return ana, waiting, answered


def test_p27_everybody_is_told_and_an_admin_may_resume(
    told: World, held: tuple[Person, Incident, Incident], sign_in: SignIn
) -> None:
    ana, waiting, answered = held
    zoe_s, ana_s = sign_in(told.zoe), sign_in(ana)
    for path in ("/", f"/incidents/{waiting.number}", "/policies", "/schedules"):
        assert BANNER in markup.get(zoe_s, path).words
        seen = markup.get(ana_s, path)
        assert BANNER in seen.words
        assert "An admin resumes it." in seen.words
        assert not [form for form in seen.forms if form.action.endswith("/paging/resume")]
    form = markup.get(zoe_s, "/").form("/paging/resume")
    assert markup.submit(ana_s, form).status_code == 403
    assert waiting.now.held
    assert markup.submit(zoe_s, form).status_code == 302
    after = markup.get(zoe_s, "/")
    assert "Paging goes on for 2 incidents." in after.words
    assert "held" not in after.words.lower()
    assert [each.now.held for each in (waiting, answered)] == [False, False]
    assert markup.submit(zoe_s, form).status_code == 302
    resumed = Audit.objects.filter(kind="paging_resumed")
    assert resumed.count() == 3
    assert {each.actor["name"] for each in resumed} == {"Zoe"}
    assert zoe_s.get("/paging/resume").status_code == 302


def test_p27_a_forged_resume_is_refused(told: World, held: tuple[Person, Incident, Incident], sign_in: SignIn) -> None:
    assert sign_in(told.zoe).post("/paging/resume").status_code == 403
    assert held[1].now.held


def test_p27_an_incident_says_that_it_is_held_and_shows_no_countdown(
    told: World, held: tuple[Person, Incident, Incident], sign_in: SignIn
) -> None:
    ana, waiting, answered = held
    browser = sign_in(ana)
    rows = markup.get(browser, "/").words
    assert HELD in rows
    assert f"{ana.name} is on it, held since the restore" in rows
    assert " in 0" not in rows
    page = markup.get(browser, f"/incidents/{waiting.number}")
    assert f"{HELD}. Its clock stands." in page.words
    for words in ("unless someone acknowledges", "Overdue", "You are paged"):
        assert words not in page.words
    assert "Restored from a file: held, nobody is paged." in page.words
    assert "Layer1Anaheld" in page.words.replace(" ", "")
    page.form("/acknowledge")
    assert "Held since the restore" in markup.get(browser, f"/incidents/{answered.number}").words


def test_p27_every_open_state_says_so(
    told: World, held: tuple[Person, Incident, Incident], server: postgres.Server, tmp_path: Path, sign_in: SignIn
) -> None:
    with told.mail.refusing_connections():
        alone, last = told.opens("No policy"), told.opens("Last", layers=[([told.zoe], 5)])
        told.waits(minutes=5)
    assert last.now.state is state.State.EXHAUSTED
    told.sleeps(days=-41)
    restoring.restore(server, tmp_path / "second.zip")
    browser = sign_in(told.zoe)
    for incident, before in ((alone, "There is no escalation policy"), (last, "nobody had answered")):
        words = markup.get(browser, f"/incidents/{incident.number}").words
        assert f"{HELD}." in words
        assert before in words
        assert "email held since the restore" in words


def test_p27_nothing_held_shows_no_banner(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("Disk full", layers=[([ana], 5)])
    assert "held" not in markup.get(sign_in(told.zoe), "/").words.lower()


def test_p27_the_record_says_who_resumed_it_or_what_still_fires(
    told: World, server: postgres.Server, tmp_path: Path, sign_in: SignIn
) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("Disk full", layers=[([ana], 5)], dedup_key="disk")
    restoring.restore(server, tmp_path / "export.zip")
    opening = incidents.Opening("Disk full", state.Severity.LOW, ana.id, dedup_key="disk")
    incidents.open_incident(told.principal, opening)
    words = markup.get(sign_in(ana), f"/incidents/{incident.number}").words
    assert "ci (API key) says that it is still so: paging goes on." in words
