"""What the pages say, to whom, and what they cost."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nightbell.actions import organizations, people
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Person, World


def queries(act: Callable[[], object]) -> int:
    """How many statements it took."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def version_of(client: Client, path: str) -> str:
    """What the page says it shows, for its script."""
    (version,) = [given["data-version"] for _, given in markup.get(client, path).tags if "data-version" in given]
    return version


def test_the_list_says_who_is_next_and_who_is_on_it(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.opens("Waiting", layers=[([ana], 5), ([bo], 5)])
    ana.acknowledges(told.opens("Taken", layers=[([ana], 5)]))
    told.opens("Alone")
    exhausted = told.opens("Nobody", layers=[([ana], 1)])
    told.waits(minutes=1)
    told.waits(minutes=1)
    ana.resolves(told.opens("Over"))
    page = markup.get(sign_in(ana), "/")
    assert exhausted.now.state == "exhausted"
    for words in ("Next: Bo in", "Ana is on it", "Nobody else will be paged", "Nobody answered, no layer is left"):
        assert words in page.words
    assert "Over" not in page.words
    assert page.text.index("Alone") < page.text.index("Taken") < page.text.index("Waiting")


def test_the_list_is_narrowed_and_paged(told: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightbell.web.incidents.pages.PAGE_SIZE", 2)
    for number in range(1, 6):
        told.opens(f"Fault {number}")
    told.zoe.resolves(told.opens("100% disk_full"))
    client = sign_in(told.zoe)
    assert "disk_full" in markup.get(client, "/?show=resolved").words
    assert "disk_full" in markup.get(client, "/?show=all&q=0%25 DISK_").words
    assert "disk_full" not in markup.get(client, "/?show=all&severity=low").words
    assert "No open incident matches." in markup.get(client, "/?q=nothing").words
    seen, path = [], "/"
    while path:
        page = markup.get(client, path)
        seen += [each for each in page.links if each.startswith("/incidents/") and each != "/incidents/new"]
        path = next((each for each in page.links if "before=" in each), "")
    assert seen == [f"/incidents/{number}" for number in (5, 4, 3, 2, 1)]


def test_an_empty_list_teaches(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    assert "All quiet." in markup.get(client, "/").words
    assert "There is nothing here yet." in markup.get(client, "/?show=resolved").words
    assert "No escalation policy yet." in markup.get(client, "/policies").words


def test_the_timeline_says_why_in_words(told: World, sign_in: SignIn) -> None:
    ana, bo, cy, dee = told.members("Ana", "Bo", "Cy", "Dee")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([dee], 5), ([bo, ana], 15)], owner=cy)
    told.removes(dee)
    told.waits(minutes=5)
    cy.hands_off(incident, to=ana, note="Yours")
    told.waits(minutes=15)
    told.waits(minutes=15)
    ana.acknowledges(incident)
    ana.escalates(told.opens("Other", layers=[([ana], 5), ([bo], 5)]))
    bo.resolves(incident, "Fixed")
    words = markup.get(sign_in(ana), "/incidents/1").words
    name = incident.now.policy.name if incident.now.policy else ""
    for said in (
        f"Layer 1 of {name} paged: Ana.",
        "Cy paged, because they own this incident.",
        f"Layer 1 of {name}: nobody answered in 5 min.",
        f"Layer 2 of {name} skipped: no active member.",
        f"Layer 3 of {name} paged: Bo and Ana.",
        "Cy handed this to Ana.",
        "Ana did not answer in 15 min.",
        "Last resort paged: Zoe and Ana.",
        "No layer is left.",
        "Email to Ana sent.",
        "Ana acknowledged.",
        "Bo set the status to resolved.",
        "Fixed",
    ):
        assert said in words
    assert "Ana escalated by hand." in markup.get(sign_in(ana), "/incidents/2").words


def test_t12_a_page_that_does_not_get_through_shows_its_error(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.mail.stop()
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    page = markup.get(sign_in(ana), "/incidents/1")
    assert "email not through yet, trying again" in page.words
    assert "refused" in page.words.lower()
    told.mail.start()


def test_a_clock_nobody_watches_is_loud(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    assert "Overdue" not in markup.get(client, "/incidents/1").words
    told.sleeps(minutes=7)
    assert "Overdue by 2 min: no engine has acted." in markup.get(client, "/incidents/1").words


@pytest.mark.parametrize("path", ["/incidents/1", "/"])
def test_a_page_that_stays_open_turns_overdue(told: World, sign_in: SignIn, path: str) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    shown = {"X-Nightbell-Version": version_of(client, path)}
    told.sleeps(minutes=4)
    assert client.get(path, headers=shown).status_code == 204
    # Nothing was written meanwhile: only the clock went on.
    told.sleeps(minutes=2)
    assert client.get(path, headers=shown).status_code == 200


def test_whoever_owns_it_is_not_offered_it(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.opens("DB pool exhausted", layers=[([bo], 5), ([ana, bo], 5)], owner=ana)
    page = sign_in(bo).get("/incidents/1").content.decode()
    (likely,) = re.findall('label="Next in line">(.*?)</optgroup>', page)
    assert str(bo.id) in likely
    assert str(ana.id) not in likely


def test_a_page_that_still_holds_is_not_sent_again(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    client = sign_in(ana)
    for path in ("/incidents/1", "/"):
        version = version_of(client, path)
        answer = client.get(path, headers={"X-Nightbell-Version": version})
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer["X-Nightbell-Now"].isdigit()
        bo.hands_off(incident, to=ana if path == "/" else bo)
        assert client.get(path, headers={"X-Nightbell-Version": version}).status_code == 200
    version = version_of(client, "/")
    client.session.flush()
    assert client.get("/", headers={"X-Nightbell-Version": version}).status_code == 401


def test_what_pages_ask_of_the_database(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    for _ in range(5):
        told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    client = sign_in(ana)
    page = markup.get(client, "/incidents/1")
    (version,) = [given["data-version"] for _, given in page.tags if "data-version" in given]
    assert queries(lambda: client.get("/")) == 8
    assert queries(lambda: client.get("/incidents/1")) == 11
    assert queries(lambda: client.get("/incidents/1", headers={"X-Nightbell-Version": version})) == 6
    assert queries(lambda: markup.submit(client, page.form("/acknowledge"))) == 9  # in seven trips


def test_the_first_view_is_light(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    response = client.get("/incidents/1")
    page = markup.Page(response, "/incidents/1")
    weight = len(response.content)
    for tag, given in page.tags:
        if tag in {"script", "img", "link"}:
            part = client.get(given.get("src") or given["href"])
            weight += len(b"".join(part))
            part.close()
    assert weight < 60_000


@pytest.mark.parametrize("path", ["/", "/incidents/1", "/incidents/1/handoff", "/policies", "/incidents/new"])
def test_strangers_sign_in_first(told: World, path: str) -> None:
    told.opens("DB pool exhausted")
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


def test_a_removed_member_is_out_on_the_next_request(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(bo)
    form = markup.get(client, "/incidents/1").form("/acknowledge")
    people.remove(told.system, bo.id)
    answer = markup.submit(client, form)
    assert answer.status_code == 403
    assert "You belong to no organization" in markup.Page(answer, form.action).words
    assert incident.now.unanswered


def test_k10_another_organizations_incident_is_not_there(told: World, sign_in: SignIn) -> None:
    other, admin = organizations.create(Principal.operator(), "Day Larks", people.Person("lea@larks.example", "Lea"))
    told.opens("DB pool exhausted")
    client = sign_in(Person(told, admin.user_id, "Lea", "lea@larks.example", Role.ADMIN))
    assert "There is nothing here" in markup.get(client, "/incidents/1", 404).words
    assert markup.submit(client, markup.get(client, "/").form("/logout/")).status_code == 302
    assert other.slug == "day-larks"


def test_a_forged_form_is_refused_in_the_same_look(told: World, sign_in: SignIn) -> None:
    told.opens("DB pool exhausted")
    answer = sign_in(told.zoe).post("/incidents/1/acknowledge")
    assert answer.status_code == 403
    page = markup.Page(answer, "/")
    assert "That form was too old" in page.words
    assert any(given.get("href", "").endswith("nightbell.css") for _, given in page.tags)


def test_a_fault_of_ours_is_shown_in_the_same_look(
    told: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("nightbell.web.incidents.panel.stops", fail)
    client = sign_in(told.zoe)
    client.raise_request_exception = False
    page = markup.get(client, "/", 500)
    assert "It was not confirmed that anything was done." in page.words
    assert "planted" not in page.words


def test_policies_are_there_to_read(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.policy([([ana, bo], 5), ([told.zoe], 90)], repeat=2)
    words = markup.get(sign_in(ana), "/policies").words
    assert "2 layers · 3 rounds" in words
    assert "Ana and Bo" in words
    assert "1 h 30 min to answer" in words
