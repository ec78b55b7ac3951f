"""A rotation's name: typed in its form, and what it is called wherever it is spoken of."""

from uuid import UUID

from nightbell.data.models import Role
from nightbell.data.reads import schedules
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_schedules_forms import LayerForm
from tests.world import World


def test_x14_a_rotation_has_a_name_and_is_called_by_it(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana)
    client = sign_in(ana)
    form = LayerForm(f"/schedules/{rota.id}/layers/new")
    form.read(client.get(form.at))
    form.people[0] = str(bo.id)
    taken = form.press(client, "save", name="rotation 1")
    assert (taken.status_code, "There is a rotation rotation 1 in this schedule already." in form.words) == (400, True)
    assert ("p", {"class": "error", "id": "name-error"}) in form.page.tags if form.page else ()
    assert form.press(client, "save", name="Week<b>ends").status_code == 302
    page = markup.get(client, f"/schedules/{rota.id}")
    assert "Rotation 1 weekly at" in page.words
    assert "Week<b>ends weekly at" in page.words
    named = reads_of(rota)["Week<b>ends"]
    form = LayerForm(f"/schedules/{rota.id}/layers/{named}")
    form.read(client.get(form.at))
    assert form.fields["name"] == "Week<b>ends"
    # Without a name it keeps its own; another takes its place wherever it is called.
    assert form.press(client, "save", name="").status_code == 302
    assert "Week<b>ends" in reads_of(rota)
    assert form.press(client, "save", name="Wochenenden").status_code == 302
    assert "Wochenenden, weekly at" in markup.get(client, f"/schedules/{rota.id}/override").words
    assert "Platform on-call Wochenenden" in markup.get(sign_in(bo), "/shifts").words
    assert "Wochenenden" in markup.get(client, f"/schedules/{rota.id}").words


def reads_of(rota: Rota) -> dict[str, UUID]:
    """The rotations of a schedule, by name."""
    return {each.name: each.id for each in schedules.layers(rota.world.principal, rota.id)}
