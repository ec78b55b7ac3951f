"""Every form of an incident's page, pressed as a browser without scripts presses it."""

import pytest

from nightbell.actions import organizations, people
from nightbell.core.incident import state
from nightbell.data.access.principal import Principal
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import World


def test_acknowledge_stops_the_clock_and_says_so(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    client = sign_in(ana)
    page = markup.get(client, f"/incidents/{incident.number}")
    assert "You are paged: layer 1 of 2." in page.words
    assert "Waiting for you." in page.words
    answer = markup.submit(client, page.form("/acknowledge"))
    assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{incident.number}")
    assert incident.now.state is state.State.ACKNOWLEDGED
    after = markup.get(client, answer["Location"])
    assert "You are on it. Escalation stopped at" in after.words
    assert not [form for form in after.forms if form.action.endswith("/acknowledge")]


def test_acknowledging_second_shows_who_was_first(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(bo)
    form = markup.get(client, f"/incidents/{incident.number}").form("/acknowledge")
    ana.acknowledges(incident)
    assert markup.submit(client, form).status_code == 302
    assert "Ana is on it." in markup.get(client, f"/incidents/{incident.number}").words


def test_hand_off_pages_the_new_owner_and_says_what_follows(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    client = sign_in(ana)
    page = markup.get(client, f"/incidents/{incident.number}")
    promises = {given.get("value"): given.get("data-promise") for tag, given in page.tags if tag == "option"}
    assert promises[str(bo.id)] == "Bo is paged now. If Bo does not answer in 5 min, Cy is paged."
    assert promises[str(ana.id)] == "Ana has it already: nothing happens."
    answer = markup.submit(client, page.form("/handoff"), target=str(bo.id), note="I am on a train")
    assert answer.status_code == 302
    told.settles()
    assert bo.was_paged(incident, reason="handoff")
    after = markup.get(client, answer["Location"])
    assert "Waiting for Bo." in after.words
    assert "Ana handed this to Bo." in after.words
    assert "I am on a train" in after.words
    assert "Cy is paged at" in after.words


def test_who_is_next_in_line_is_offered_first(told: World, sign_in: SignIn) -> None:
    ana, _, zed = told.members("Ana", "Bo", "Zed")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([zed], 15)])
    page = markup.get(sign_in(ana), f"/incidents/{incident.number}")
    options = [given["value"] for tag, given in page.tags if tag == "option"]
    assert options[:2] == ["", str(zed.id)]


def test_change_owner_is_the_same_form(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    page = markup.get(client, f"/incidents/{incident.number}")
    door = f"/incidents/{incident.number}/handoff"
    assert door in page.links
    opened = markup.get(client, door)
    assert {"name": "act", "class": "act", "id": "act-handoff", "open": ""} in [given for _, given in opened.tags]


def test_escalate_now_pages_the_next_layer(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 15)])
    client = sign_in(ana)
    form = markup.get(client, f"/incidents/{incident.number}").form("/escalate")
    assert {"epoch", "round", "position"} <= form.fields.keys()
    assert markup.submit(client, form).status_code == 302
    told.settles()
    assert bo.was_paged(incident, layer=2)


def test_status_moves_one_step(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    for status in ("identified", "monitoring"):
        form = markup.get(client, f"/incidents/{incident.number}").form("/status")
        assert markup.submit(client, form).status_code == 302
        assert incident.now.status == status
    page = markup.get(client, f"/incidents/{incident.number}")
    assert not [form for form in page.forms if form.action.endswith("/status")]


def test_resolve_asks_first_and_then_keeps_the_note(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, f"/incidents/{incident.number}/resolve").form("/resolve")
    assert incident.now.state == "paging"
    assert markup.submit(client, form, note="Rolled back").status_code == 302
    assert incident.now.state == "closed"
    after = markup.get(client, f"/incidents/{incident.number}")
    assert "Rolled back" in after.words
    assert not [form for form in after.forms if "/incidents/" in form.action]


def test_opening_pages_the_first_layer(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    policy_id = told.policy([([bo], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/new").form("/new")
    answer = markup.submit(client, form, title="Checkout is down", policy=str(policy_id), severity="critical")
    assert (answer.status_code, answer["Location"]) == (302, "/incidents/1")
    told.settles()
    page = markup.get(client, "/incidents/1")
    assert "Waiting for you and Bo." in page.words


def test_opening_names_what_is_wrong_and_keeps_what_was_typed(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.policy([([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/new").form("/new")
    answer = markup.submit(client, form, title=" ", owner="nobody", policy="", description="since noon")
    assert answer.status_code == 400
    page = markup.Page(answer, "/incidents/new")
    assert "This field is required." in page.words
    assert "Choose a policy, or that there is none." in page.words
    assert page.form("/new").fields["description"] == "since noon"
    again = markup.submit(client, page.form("/new"), title="Down", owner="nobody", policy="none")
    assert "The owner is not an active member" in markup.Page(again, "/incidents/new").words


@pytest.mark.parametrize("form", ["handoff", "resolve"])
def test_a_note_too_long_is_refused_and_kept(told: World, sign_in: SignIn, form: str) -> None:
    (ana,) = told.members("Ana")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    page = markup.get(client, f"/incidents/{incident.number}")
    answer = markup.submit(client, page.form(f"/{form}"), note="x" * 10_001)
    assert answer.status_code == 400
    after = markup.Page(answer, page.at)
    assert "Note: Ensure this value has at most 10000 characters" in after.words
    assert after.form(f"/{form}").fields["note"] == "x" * 10_001
    assert incident.now.state is state.State.PAGING


def test_the_organization_can_be_switched(told: World, sign_in: SignIn) -> None:
    other, _ = organizations.create(Principal.operator(), "Day Larks", people.Person(told.zoe.email, "Zoe"))
    client = sign_in(told.zoe)
    page = markup.get(client, "/")
    assert "Night Owls" in "".join(given.get("aria-label", "") for _, given in page.tags)
    assert markup.submit(client, page.form("/organization"), organization=str(other.id)).status_code == 302
    assert "Day Larks" in "".join(given.get("aria-label", "") for _, given in markup.get(client, "/").tags)
