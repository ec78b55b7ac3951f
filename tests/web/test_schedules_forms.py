"""What people do to schedules with plain forms: make, override, take, take back, arrange, see what moves, delete."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from nightbell.actions import rotations
from nightbell.core import oncall
from nightbell.data import clock
from nightbell.data.models import Role
from nightbell.data.reads import schedules
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import Person, World


@dataclass
class LayerForm:
    """A layer's form as it is on a page."""

    at: str
    fields: dict[str, Any] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    page: markup.Page | None = None

    def press(self, client: Client, button: str, value: str = "1", **typed: Any) -> Any:
        """Press one of its buttons."""
        chosen = {**self.fields, "participant": self.people, **typed, button: value}
        answer = client.post(self.at, {name: each for name, each in chosen.items() if each is not None})
        self.read(answer)
        return answer

    def read(self, answer: Any) -> None:
        """Look at what came back."""
        if answer.status_code == 302:
            return
        self.page = markup.Page(answer, self.at)
        (form,) = [each for each in self.page.forms if each.action == self.at]
        self.fields = {name: value for name, value in form.fields.items() if name != "participant"}
        self.people = selected(self.page)

    @property
    def words(self) -> str:
        """What the page says."""
        assert self.page is not None
        return self.page.words


def selected(page: markup.Page) -> list[str]:
    """What each choice of a participant stands on."""
    found: list[str] = []
    choosing = False
    for tag, given in page.tags:
        if tag == "select":
            choosing = given["name"] == "participant"
            found += [""] if choosing else []
        elif tag == "option" and choosing and "selected" in given:
            found[-1] = given["value"]
    return found


def open_form(client: Client, rota: Rota, layer: object = "new") -> LayerForm:
    """The form of a layer, or of a new one."""
    form = LayerForm(f"/schedules/{rota.id}/layers/{layer}")
    form.read(client.get(form.at))
    return form


def names(rota: Rota, people: list[Person], layer: int = 0) -> list[str]:
    """Whoever takes turns, in order."""
    called = {each.id: each.name for each in people}
    return [called[each] for each in schedules.layers(rota.world.principal, rota.id)[layer].participants]


def override_path(rota: Rota, start: datetime, end: datetime, **more: str) -> str:
    """Where a click on a shift leads."""
    given = {"from": start.isoformat().replace("+00:00", "Z"), "to": end.isoformat().replace("+00:00", "Z")}
    return f"/schedules/{rota.id}/override?{urlencode(given | more)}"


def test_a_schedule_is_made_and_leads_to_its_first_layer(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    client = sign_in(ana)
    form = markup.get(client, "/schedules/new").form("/new")
    refused = markup.submit(client, form, name="Platform on-call", timezone="Europe/Atlantis")
    assert refused.status_code == 400
    assert "This is not a time zone, like Europe/Berlin." in markup.Page(refused, "/").words
    made = markup.submit(client, form, name="Platform on-call", timezone="Europe/Berlin")
    layer = LayerForm(made["Location"])
    layer.read(client.get(layer.at))
    assert len(layer.people) == 3
    assert "Choose at least one person to take turns." in (layer.press(client, "save"), layer.words)[1]
    layer.people[:2] = [str(bo.id), str(ana.id)]
    done = layer.press(client, "save", kind="daily", handoff="08:30")
    words = markup.get(client, done["Location"]).words
    assert "Rotation 1 daily at 08:30 Bo Ana" in words
    again = markup.submit(client, markup.other_tab(form), name="Platform on-call", timezone="Europe/Berlin")
    assert "There is a schedule Platform on-call already." in markup.Page(again, "/").words


def test_c13_another_zone_shows_which_shifts_move_before_it_is_saved(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told, timezone="UTC")
    rota.layer(ana, bo, kind=oncall.Kind.DAILY)
    Rota(told, "Taken")
    client = sign_in(ana)
    path = f"/schedules/{rota.id}/edit"
    form = markup.get(client, path).form("/edit")
    moved = {**form.fields, "timezone": "Asia/Tokyo", "name": "Platform <i>"}
    words = markup.Page(client.post(path, {**moved, "preview": "1"}), path).words
    assert "What moves in the next 28 days" in words
    assert "gains it" in words
    found = schedules.one(told.principal, rota.id)
    assert found is not None
    assert (found.name, found.timezone) == ("Platform on-call", "UTC")
    for wrong, said in (
        ({"name": "Taken"}, "There is a schedule Taken already."),
        ({"timezone": "x"}, "not a time zone"),
    ):
        refused = client.post(path, {**moved, **wrong, "save": "1"})
        assert (refused.status_code, said in markup.Page(refused, path).words) == (400, True)
    assert client.post(path, {**moved, "save": "1"})["Location"] == f"/schedules/{rota.id}"
    assert "Platform <i> Asia/Tokyo" in markup.get(client, f"/schedules/{rota.id}").words
    assert rota.on_call() == ["Ana"]


def test_a_click_on_a_shift_opens_the_form_with_its_very_hours(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told, timezone="Europe/Berlin")
    layer = rota.layer(ana, bo)
    client = sign_in(ana)
    start = (clock.now() + timedelta(days=2)).replace(second=31, microsecond=250_000)
    end = start + timedelta(hours=5)
    path = override_path(rota, start, end, layer=str(layer))
    form = markup.get(client, path).form(path)
    assert form.fields["starts"] == f"{start.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M}"
    form.action = form.action.split("?")[0]
    assert markup.submit(client, form, user=str(bo.id)).status_code == 302
    (row,) = schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST)
    assert (row.user_id, row.starts_at, row.ends_at, row.layer_id) == (bo.id, start, end, layer)
    refused = markup.submit(client, form, user=str(ana.id))
    assert refused.status_code == 400
    assert "It overlaps the override by Bo until" in markup.Page(refused, "/").words
    typed = markup.submit(client, form, user=str(ana.id), starts="2031-07-01T10:00", ends="2031-07-01T12:00")
    assert typed.status_code == 302
    assert schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST)[-1].starts_at == datetime(
        2031, 7, 1, 8, tzinfo=UTC
    )


def test_a_shift_under_way_is_overridden_from_now_on(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana)
    path = override_path(rota, clock.now() - timedelta(days=1), clock.now() + timedelta(days=1))
    form = markup.get(sign_in(bo), path).form(path)
    assert form.fields["starts"] == f"{clock.now():%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"user": ""}, "Whoever takes over is an active member."),
        ({"user": "nobody"}, "Whoever takes over is an active member."),
        ({"layer": "x"}, "There is no such rotation in this schedule."),
        ({"starts": "tomorrow"}, "This is not a day and a time."),
        ({"starts": "0001-01-01T00:00"}, "This is not a day and a time."),
        ({"ends": "9999-12-31T23:59"}, "This is not a day and a time."),
        ({"ends": "2027-01-01T09:00"}, "An override ends after it starts."),
        (
            {"starts": "2020-01-01T09:00", "ends": "2020-01-02T09:00"},
            "An override that has ended would change nothing.",
        ),
        ({"ends": "2029-01-01T09:00"}, "An override is at most 366 days long."),
    ],
)
def test_what_is_wrong_with_an_override_is_said_at_the_field(
    told: World, sign_in: SignIn, typed: dict[str, str], said: str
) -> None:
    rota = Rota(told)
    client = sign_in(told.zoe)
    form = markup.get(client, f"/schedules/{rota.id}/override").form("/override")
    right = {"user": str(told.zoe.id), "starts": "2027-01-01T10:00", "ends": "2027-01-01T12:00"}
    answer = markup.submit(client, form, **{**right, **typed})
    assert answer.status_code == 400
    assert said in markup.Page(answer, "/").words
    assert schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST) == []


@pytest.mark.parametrize(
    "asked", ["from=x&to=y", "from=9999-12-31T23:59:59Z&to=0001-01-01T00:00:00Z", "layer=x&to=2027-W01-1"]
)
def test_a_link_that_makes_no_sense_opens_an_empty_form(told: World, sign_in: SignIn, asked: str) -> None:
    rota = Rota(told, timezone="Asia/Tokyo")
    form = markup.get(sign_in(told.zoe), f"/schedules/{rota.id}/override?{asked}").form(asked)
    assert form.fields["ends"] == ""


def test_taking_the_shift_now_and_giving_it_back(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    client = sign_in(bo)
    path = f"/schedules/{rota.id}"
    assert "Take the shift now" not in markup.get(client, path).words
    rota.layer(ana)
    form = markup.get(client, path).form("/take")
    assert markup.submit(client, form)["Location"] == path
    assert rota.on_call() == ["Bo"]
    page = markup.get(client, path)
    assert "Take the shift now" not in page.words
    refused = markup.submit(client, markup.other_tab(form))
    assert "They are on call already." in markup.Page(refused, path).words
    (row,) = schedules.overrides(rota.world.principal, rota.id, rotations.EARLIEST)
    back = page.form(f"/overrides/{row.id}/delete")
    assert markup.submit(client, back)["Location"] == path
    assert rota.on_call() == ["Ana"]
    assert "The override has ended already." in markup.Page(markup.submit(client, markup.other_tab(back)), path).words


def test_showing_what_moves_saves_nothing(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(*group)
    client = sign_in(group[0])
    form = open_form(client, rota, layer)
    form.people = [str(group[index].id) for index in (0, 2, 1)]
    form.press(client, "preview")
    assert "What moves in the next 28 days" in form.words
    assert "+ Cy gains it · − Bo loses it" in form.words
    assert names(rota, group) == ["Ana", "Bo", "Cy"]
    assert form.press(client, "save").status_code == 302
    assert names(rota, group) == ["Ana", "Cy", "Bo"]
    form = open_form(client, rota, layer)
    form.press(client, "preview")
    assert "Nothing: nobody’s shift moves." in form.words


def test_enter_shows_what_moves_and_saves_nothing(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    page = markup.get(sign_in(ana), f"/schedules/{rota.id}/layers/{rota.layer(ana, bo)}")
    buttons = [given.get("name") for tag, given in page.tags if tag == "button"]
    assert buttons[buttons.index("preview") :][0] == "preview"
    assert buttons.index("preview") < min(buttons.index(each) for each in ("up", "down", "out", "save"))


def test_an_edit_that_names_nothing_else_leaves_the_start_as_it_is(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told, timezone="America/New_York")
    # The second half past one of that night, with seconds: no wall clock tells it.
    start = datetime(2025, 11, 2, 6, 30, 17, tzinfo=UTC)
    layer = rota.layer(ana, bo, since=start)
    client = sign_in(ana)
    assert open_form(client, rota, layer).press(client, "save").status_code == 302
    assert schedules.layers(rota.world.principal, rota.id)[0].effective_from == start
    open_form(client, rota, layer).press(client, "save", starts="2025-11-02T01:29")
    assert schedules.layers(rota.world.principal, rota.id)[0].effective_from == datetime(2025, 11, 2, 5, 29, tzinfo=UTC)


def test_participants_are_moved_up_down_and_out_by_buttons(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    ana, bo, cy = [str(each.id) for each in group]
    rota = Rota(told)
    layer = rota.layer(*group)
    client = sign_in(group[0])
    form = open_form(client, rota, layer)
    assert form.people == [ana, bo, cy, ""]
    form.press(client, "up", "2", handoff="07:45")
    assert (form.people[:3], form.fields["handoff"]) == ([ana, cy, bo], "07:45")
    form.press(client, "down", "0")
    assert form.people[:3] == [cy, ana, bo]
    form.press(client, "out", "1")
    assert form.people == [cy, bo, "", ""]
    form.press(client, "up", "999")
    assert form.people[:2] == [cy, bo]
    assert names(rota, group) == ["Ana", "Bo", "Cy"]
    form.press(client, "save")
    assert names(rota, group) == ["Cy", "Bo"]
    assert schedules.layers(rota.world.principal, rota.id)[0].handoff_time == time(7, 45)


def test_there_is_always_room_for_more_participants(told: World, sign_in: SignIn) -> None:
    group = told.members(*[f"P{number}" for number in range(9)], role=Role.ADMIN)
    rota = Rota(told)
    client = sign_in(group[0])
    form = open_form(client, rota)
    for count in (3, 6, 9):
        form.people[count - 3 : count] = [str(each.id) for each in group[count - 3 : count]]
        form.press(client, "more" if count < 9 else "preview", kind="custom", length="2")
    form.press(client, "save")
    assert len(schedules.layers(rota.world.principal, rota.id)[0].participants) == 9
    assert schedules.layers(rota.world.principal, rota.id)[0].length_days == 2


def test_the_same_person_twice_is_named(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(ana, bo)
    client = sign_in(ana)
    form = open_form(client, rota, layer)
    form.people[1] = str(ana.id)
    assert form.press(client, "save").status_code == 400
    assert "Ana is chosen twice, and each has one turn in a round." in form.words
    assert names(rota, [ana, bo]) == ["Ana", "Bo"]


def test_somebody_who_has_left_is_shown_kept_and_taken_out(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(*group)
    told.ends_membership(group[1])
    client = sign_in(group[0])
    form = open_form(client, rota, layer)
    assert "somebody who has left (skipped)" in form.words
    assert "Bo" not in form.words
    assert form.press(client, "save").status_code == 302
    assert names(rota, group) == ["Ana", "Bo"]
    form.press(client, "out", "1")
    form.press(client, "save")
    assert names(rota, group) == ["Ana"]
    form.people = [str(group[1].id)]
    assert form.press(client, "save").status_code == 400
    assert "A participant is an active member." in form.words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "hourly"}, "Select a valid choice."),
        ({"kind": "custom", "length": ""}, "A custom rotation is 1 to 366 days long."),
        ({"kind": "custom", "length": "0"}, "greater than or equal to 1"),
        ({"handoff": "25:00"}, "Enter a valid time."),
        ({"starts": "2199-12-31T23:59", "ends": "2027-01-01T00:00"}, "A layer ends after it starts."),
        ({"starts": "0001-01-01T00:00"}, "This is not a day and a time."),
        ({"participant": ["x"]}, "A participant is an active member."),
    ],
)
def test_what_is_wrong_with_a_layer_is_said_at_the_field(
    told: World, sign_in: SignIn, typed: dict[str, Any], said: str
) -> None:
    rota = Rota(told)
    client = sign_in(told.zoe)
    form = open_form(client, rota)
    form.people[0] = str(told.zoe.id)
    assert form.press(client, "save", **typed).status_code == 400
    assert said in form.words
    assert schedules.layers(rota.world.principal, rota.id) == []


def test_whoever_has_the_turn_keeps_it_unless_asked_otherwise(told: World, sign_in: SignIn) -> None:
    group = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    layer = rota.layer(*group)
    client = sign_in(group[0])
    form = open_form(client, rota, layer)
    form.people[:2] = form.people[1::-1]
    form.press(client, "save")
    assert rota.on_call() == ["Ana"]
    open_form(client, rota, layer).press(client, "save", keep=None)
    assert rota.on_call() == ["Bo"]


def test_a_layer_and_a_schedule_are_deleted_but_not_one_that_a_policy_targets(told: World, sign_in: SignIn) -> None:
    rota = Rota(told)
    layer = rota.layer(told.zoe, kind=oncall.Kind.DAILY)
    client = sign_in(told.zoe)
    path = f"/schedules/{rota.id}"
    form = markup.get(client, f"{path}/layers/{layer}").form("/delete")
    assert markup.submit(client, form)["Location"] == path
    assert schedules.layers(rota.world.principal, rota.id) == []
    other = Rota(told, "Wanted")
    other.policy()
    refused = markup.submit(client, markup.get(client, f"/schedules/{other.id}").form("/delete"))
    assert refused.status_code == 409
    assert "An escalation policy targets this schedule." in markup.Page(refused, "/").words
    assert markup.submit(client, markup.get(client, path).form("/delete"))["Location"] == "/schedules"
    assert client.get(path).status_code == 404


def test_whoever_comes_back_from_signing_in_sees_the_schedule_and_nothing_is_done(told: World, sign_in: SignIn) -> None:
    rota = Rota(told)
    layer = rota.layer(told.zoe)
    client = sign_in(told.zoe)
    path = f"/schedules/{rota.id}"
    for act in ("/take", "/delete", f"/layers/{layer}/delete", f"/overrides/{layer}/delete"):
        assert client.get(path + act)["Location"] == path, act
    assert client.get("/shifts/calendar")["Location"] == "/shifts"
    assert len(schedules.layers(rota.world.principal, rota.id)) == 1
