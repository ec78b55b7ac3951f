"""Forms that were filled in while the world moved on: they act on what they showed, or not at all, and lose nothing."""

from nightbell.core.incident import state
from nightbell.data.models import Account
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import World


def test_h1_handing_off_what_somebody_took_shows_who_took_it(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    client = sign_in(ana)
    form = markup.get(client, f"/incidents/{incident.number}").form("/handoff")
    cy.acknowledges(incident)
    answer = markup.submit(client, form, target=str(bo.id), note="Please look at the pooler")
    assert answer.status_code == 409
    page = markup.Page(answer, form.action)
    assert "changed while you were looking. Nothing was done" in page.words
    assert "Last change: Cy acknowledged, without having been paged." in page.words
    assert "Cy is on it." in page.words
    assert incident.now.owner_id == ana.id
    kept = page.form("/handoff").fields
    assert (kept["note"], kept["target"]) == ("Please look at the pooler", str(bo.id))
    assert markup.submit(client, page.form("/handoff")).status_code == 302
    assert incident.now.owner_id == bo.id


def test_h3_of_two_handoffs_from_old_pages_the_second_is_refused(told: World, sign_in: SignIn) -> None:
    ana, bo, dee, eli = told.members("Ana", "Bo", "Dee", "Eli")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    browsers = {person: sign_in(person) for person in (ana, dee)}
    forms = {who: markup.get(browser, "/incidents/1").form("/handoff") for who, browser in browsers.items()}
    assert markup.submit(browsers[ana], forms[ana], target=str(bo.id)).status_code == 302
    answer = markup.submit(browsers[dee], forms[dee], target=str(eli.id))
    assert answer.status_code == 409
    assert "Ana handed this to Bo." in markup.Page(answer, "/incidents/1").words
    assert incident.now.owner_id == bo.id


def test_t13_escalate_now_pressed_twice_from_one_screen_acts_once(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([cy], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/escalate")
    assert [markup.submit(client, form).status_code for _ in range(2)] == [302, 302]
    assert markup.submit(client, markup.other_tab(form)).status_code == 409
    assert incident.now.position == 2


def test_a_form_without_its_epoch_is_stale(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/handoff")
    for epoch in ("", "soon", "-1", "9" * 40):
        assert markup.submit(client, form, target=str(bo.id), epoch=epoch).status_code == 409
    assert incident.now.owner_id == ana.id


def test_h6_handing_off_to_nobody_changes_nothing_and_keeps_the_note(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/handoff")
    told.removes(bo)
    for target in (str(bo.id), "", "nobody", "0193e1a2-0000-7000-8000-000000000000"):
        answer = markup.submit(client, form, target=target, note="Over to you")
        assert answer.status_code == 400
        page = markup.Page(answer, form.action)
        assert "Choose somebody: that is not an active member of your organization." in page.words
        assert page.form("/handoff").fields["note"] == "Over to you"
    assert incident.now.owner_id == ana.id


def test_h14_a_resolved_incident_is_not_handed_off(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/handoff")
    bo.resolves(incident)
    answer = markup.submit(client, form, target=str(bo.id))
    assert answer.status_code == 400
    assert "This incident is resolved: nothing changes any more." in markup.Page(answer, form.action).words
    assert incident.now.state is state.State.CLOSED


def test_a_status_that_moved_meanwhile_says_so(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana")
    told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/status")
    assert markup.submit(client, form).status_code == 302
    answer = markup.submit(client, markup.other_tab(form))
    assert answer.status_code == 400
    assert "moves one step at a time" in markup.Page(answer, form.action).words
    assert markup.submit(client, form, status="sleeping").status_code == 400


def test_u6_a_session_that_ended_leads_back_to_the_action_with_the_note(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5)])
    client = sign_in(ana)
    form = markup.get(client, "/incidents/1").form("/handoff")
    client.session.flush()
    answer = markup.submit(client, form, target=str(bo.id), note="I am on a train")
    assert (answer.status_code, answer["Location"]) == (307, "/accounts/login/?next=/incidents/1/handoff")
    assert incident.now.owner_id == ana.id
    account = Account.objects.get(id=ana.id)
    account.set_password("correct horse battery")
    account.save()
    # As a browser follows it: the same method, the same form.
    typed = {**form.fields, "target": str(bo.id), "note": "I am on a train"}
    sign_in_form = markup.Page(client.post(answer["Location"], typed), answer["Location"]).forms[0]
    signed_in = markup.submit(client, sign_in_form, login=ana.email, password="correct horse battery")
    assert signed_in["Location"] == "/incidents/1/handoff"
    kept = markup.get(client, signed_in["Location"]).form("/handoff")
    assert (kept.fields["note"], kept.fields["target"]) == ("I am on a train", str(bo.id))
    assert markup.submit(client, kept).status_code == 302
    assert incident.now.owner_id == bo.id
