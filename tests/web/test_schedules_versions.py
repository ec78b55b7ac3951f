"""Forms of schedules that two people have open at once, and whose turn is first."""

from datetime import time, timedelta

from nightbell.data import clock
from nightbell.data.models import Role
from nightbell.data.reads import schedules
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_schedules_forms import open_form
from tests.world import World


def test_two_people_edit_at_once_and_the_second_sees_what_the_first_changed(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(ana, bo)
    clients = sign_in(ana), sign_in(bo)
    first, second = (open_form(client, rota, layer) for client in clients)
    assert first.press(clients[0], "save", handoff="07:45").status_code == 302
    answer = second.press(clients[1], "save", handoff="08:15")
    assert answer.status_code == 409
    assert "Ana changed rotation Rotation 1 (handoff time) at" in second.words
    assert "Nothing was saved; look again, then decide." in second.words
    assert schedules.layers(told.principal, rota.id)[0].handoff_time == time(7, 45)
    # Having seen it, the second may.
    assert second.fields["handoff"] == "08:15"
    assert second.press(clients[1], "save").status_code == 302
    assert schedules.layers(told.principal, rota.id)[0].handoff_time == time(8, 15)


def test_two_people_edit_a_schedule_at_once(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    at = f"/schedules/{rota.id}/edit"
    clients = sign_in(ana), sign_in(bo)
    forms = [markup.get(client, at).form("/edit") for client in clients]
    saved = {"name": "Night", "timezone": "UTC", "keep": "1", "save": "1"}
    assert clients[0].post(at, forms[0].fields | saved).status_code == 302
    answer = clients[1].post(at, forms[1].fields | saved | {"name": "Day"})
    assert answer.status_code == 409
    assert "Ana changed name at" in markup.Page(answer, at).words
    assert schedules.one(told.principal, rota.id) is not None
    assert (
        clients[1].post(at, markup.Page(answer, at).form("/edit").fields | saved | {"name": "Day"}).status_code == 302
    )


def test_whose_turn_is_first_is_shown_and_can_be_said(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(*group)
    client = sign_in(group[0])
    form = open_form(client, rota, layer)
    assert "It counts from" in form.words
    now = clock.now()
    form.press(client, "preview", first=f"{now + timedelta(days=8):%Y-%m-%dT%H:%M}")
    assert "Cy gains it" in form.words
    assert rota.on_call() == ["Ana"]
    assert form.press(client, "save").status_code == 302
    assert [rota.on_call(days=days) for days in (0, 8, 15)] == [["Cy"], ["Ana"], ["Bo"]]
