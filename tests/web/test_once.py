"""A form that is sent twice: by a second click, by going back, by a browser that lost the answer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from nightbell.core.incident import state
from nightbell.data.models import Incident, Override, Page, Schedule
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Person, World

NEW = "/incidents/new"


def filled(client: Client, told: World) -> markup.Form:
    form = markup.get(client, NEW).form("/new")
    form.fields |= {"title": "DB pool exhausted", "owner": str(told.zoe.id), "policy": "none"}
    return form


def leads(answer: Any) -> str:
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def test_x20_an_incident_is_opened_once(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    form = filled(client, told)
    assert [leads(markup.submit(client, form)) for _ in range(3)] == ["/incidents/1"] * 3
    assert Incident.objects.count() == 1


def test_x20_clicks_at_one_moment_open_one(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    form = filled(client, told)

    def click(_: int) -> str:
        try:
            return leads(markup.submit(client, form))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, range(4))) == {"/incidents/1"}
    assert Incident.objects.count() == 1


def test_x20_another_text_or_a_form_drawn_anew_is_another_act(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    form = filled(client, told)
    assert leads(markup.submit(client, form)) == "/incidents/1"
    assert leads(markup.submit(client, form, title="Disk full")) == "/incidents/2"
    assert leads(markup.submit(client, filled(client, told))) == "/incidents/3"


def test_x20_a_form_that_was_refused_is_sent_again(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    form = filled(client, told)
    assert markup.submit(client, form, title="").status_code == 400
    assert markup.submit(client, form, title="").status_code == 400
    assert leads(markup.submit(client, form)) == "/incidents/1"


def test_x20_the_mark_of_somebody_else_or_of_another_form_is_none(told: World, sign_in: SignIn) -> None:
    ana = told.member("Ana")
    hers = sign_in(told.zoe)
    form = filled(hers, told)
    assert leads(markup.submit(hers, form)) == "/incidents/1"
    other = sign_in(ana)
    again = filled(other, told)
    again.fields["once"] = form.fields["once"]
    assert leads(markup.submit(other, again)) == "/incidents/2"


@pytest.mark.parametrize("mark", ["", "short", "x" * 65, "a\0b" * 6, "Ω" * 20, "' or 1=1 --------"])
def test_x20_a_mark_that_is_none_of_ours_counts_for_nothing(told: World, sign_in: SignIn, mark: str) -> None:
    client = sign_in(told.zoe)
    form = filled(client, told)
    assert [leads(markup.submit(client, form, once=mark)) for _ in range(2)] == ["/incidents/1", "/incidents/2"]


def test_x20_what_is_done_to_an_incident_is_done_once_and_never_called_stale(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5), ([told.zoe], 5)])
    client = sign_in(ana)
    for act, typed in (("escalate", {}), ("handoff", {"target": str(bo.id)}), ("status", {}), ("resolve", {})):
        form = markup.get(client, "/incidents/1").form(f"/{act}")
        assert {leads(markup.submit(client, form, **typed)) for _ in range(2)} == {"/incidents/1"}
        told.settles()
    assert incident.kinds.count("incident_escalated") + incident.kinds.count("layer_paged") >= 2
    assert incident.kinds.count("incident_handed_off") == 1
    assert incident.now.status is state.Status.RESOLVED
    assert Page.objects.filter(user_id=bo.id, reason="handoff").count() == 1


def test_x20_a_schedule_its_layers_and_overrides_are_made_once(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    client = sign_in(told.zoe)
    form = markup.get(client, "/schedules/new").form("/new")
    made = {leads(markup.submit(client, form, name="Nights", timezone="UTC")) for _ in range(2)}
    assert (len(made), Schedule.objects.count()) == (1, 1)
    rota = Rota(told, "Days")
    rota.layer(ana, bo)
    taking = markup.get(client, f"/schedules/{rota.id}").form("/take")
    assert {leads(markup.submit(client, taking)) for _ in range(2)} == {f"/schedules/{rota.id}"}
    override = markup.get(client, f"/schedules/{rota.id}/override").form("/override")
    typed = {"user": str(bo.id), "starts": "2031-07-01T10:00", "ends": "2031-07-01T12:00"}
    assert {leads(markup.submit(client, override, **typed)) for _ in range(2)} == {f"/schedules/{rota.id}"}
    assert Override.objects.count() == 2
    taken = Override.objects.earliest("starts_at")
    back = markup.get(client, f"/schedules/{rota.id}").form(f"/overrides/{taken.id}/delete")
    assert {leads(markup.submit(client, back)) for _ in range(2)} == {f"/schedules/{rota.id}"}


def test_x20_every_form_of_the_pages_that_may_be_marked_is(told: World, sign_in: SignIn) -> None:
    """All but those whose act is one however often it is done, or is done outside, or only shows."""
    apart = {"/acknowledge", "/logout/", "/organization", "/shifts/calendar"}
    ana: Person = told.member("Ana")
    rota = Rota(told)
    rota.layer(ana)
    rota.override(told.zoe, days=1)
    told.opens("DB pool exhausted", layers=[([told.zoe], 5), ([ana], 5)])
    client = sign_in(told.zoe)
    paths = ["/", NEW, "/incidents/1", "/schedules/new", "/shifts", f"/schedules/{rota.id}"]
    paths += [f"/schedules/{rota.id}/{each}" for each in ("edit", "override", "layers/new", f"layers/{rota.layers[0]}")]
    forms = [form for path in paths for form in markup.get(client, path).forms if form.method == "post"]
    assert len(forms) > 25
    unmarked = {form.action for form in forms if "once" not in form.fields}
    assert [each for each in unmarked if not each.endswith(tuple(apart))] == []
