"""The pages of schedules: who is on call, whose shifts come, what nobody covers, and what they cost."""

from datetime import time, timedelta
from functools import partial

import pytest
from django.db import connection

from nightbell.actions import organizations, people, schedules
from nightbell.core import oncall
from nightbell.core.incident import actor
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.models import Role, RotationLayer
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.web.test_pages import queries
from tests.world import World

HOSTILE = "<script>alert(1)</script>\u202ename"


def test_the_list_says_who_is_on_call_and_who_is_next(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    Rota(told).layer(ana, bo)
    Rota(told, "Database on-call")
    words = markup.get(sign_in(ana), "/schedules").words
    assert words.index("Database on-call") < words.index("Platform on-call")
    assert "Nobody is on call Add the first rotation" in words
    assert "Ana until " in words
    assert "then Bo, until" in words


def test_who_takes_turns_may_be_for_admins_and_overriding_is_for_everybody(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo")
    organizations.let_members_edit(told.operator, False)
    rota = Rota(told)
    layer = rota.layer(ana, bo)
    client = sign_in(bo)
    at = f"/schedules/{rota.id}"
    for path in ("/schedules/new", f"{at}/edit", f"{at}/layers/new", f"{at}/layers/{layer}"):
        refused = client.get(path)
        assert (refused.status_code, "Who takes turns, and what" in refused.content.decode()) == (403, True)
    page = markup.get(client, at)
    assert "Delete this schedule" not in page.words
    assert "Add a rotation" not in page.words
    assert client.get(f"{at}/override").status_code == 200
    organizations.let_members_edit(told.operator, True)
    assert client.get(f"{at}/layers/{layer}").status_code == 200
    assert "Add a rotation" in markup.get(client, at).words


def test_empty_pages_teach(told: World, sign_in: SignIn) -> None:
    client = sign_in(told.zoe)
    assert "No schedule yet. A schedule says whose turn it is." in markup.get(client, "/schedules").words
    assert "A schedule says whose turn it is; there is none yet." in markup.get(client, "/shifts").words
    rota = Rota(told)
    words = markup.get(client, f"/schedules/{rota.id}").words
    assert "Nobody takes turns yet. A rotation is people taking turns" in words
    assert "Nobody is on call. A policy’s layer that targets this schedule is skipped." in words
    assert "Your turns show here once a rotation of a schedule names you." in markup.get(client, "/shifts").words


def test_a_schedule_shows_layers_overrides_gaps_and_a_table_of_them(told: World, sign_in: SignIn) -> None:
    ana, bo, cy, dee = told.members("Ana", "Bo", "Cy", "Dee", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana, bo, handoff_time=time(9), effective_until=clock.now() + timedelta(days=5))
    second = rota.layer(bo, dee, kind=oncall.Kind.DAILY, effective_until=clock.now() + timedelta(days=3))
    rota.override(cy, hours=5)
    rota.override(cy, hours=5, layer=second)
    told.ends_membership(dee)
    page = markup.get(sign_in(ana), f"/schedules/{rota.id}")
    for said in (
        "Cy until",
        "by an override: owns what opens · then Ana",
        "Rotation 1 weekly at 09:00 Ana Bo",
        "Bo somebody who has left (skipped)",
        "only in Rotation 2",
        "Nobody is on call from",
        "Take back the override by Cy",
        "Override On call, Ana from",
    ):
        assert said in page.words, said
    assert any(link.startswith(f"/schedules/{rota.id}/override?from=") for link in page.links)
    shown = [given.get("title") for tag, given in page.tags if given.get("class", "").startswith("box override")]
    assert shown.count("Cy") == 5  # on what counts, twice among the overrides, and on both layers


def test_instants_are_in_the_zone_that_was_chosen_and_left_alone_by_the_script(told: World, sign_in: SignIn) -> None:
    (ana,) = told.members("Ana", role=Role.ADMIN)
    rota = Rota(told, timezone="America/New_York")
    rota.layer(ana)
    client = sign_in(ana)
    theirs = markup.get(client, f"/schedules/{rota.id}?from=2027-03-10")
    assert "Times in America/New_York: show my zone" in theirs.words
    assert "On Sun 14 Mar the clocks go forward 1 h." in theirs.words
    mine = markup.get(client, f"/schedules/{rota.id}?from=2027-03-10&zone=mine")
    assert "Times in UTC: show the schedule’s zone" in mine.words
    assert "clocks" not in mine.words
    assert [tag for tag, given in theirs.tags if "data-time" in given] == []


@pytest.mark.parametrize("asked", ["from=0001-01-01", "from=9999-12-31", "from=x&weeks=9", "from=2026-W01-1&zone=x"])
def test_an_address_that_makes_no_sense_shows_today(told: World, sign_in: SignIn, asked: str) -> None:
    rota = Rota(told)
    assert "Platform on-call" in markup.get(sign_in(told.zoe), f"/schedules/{rota.id}?{asked}").words


def test_my_shifts_name_schedule_and_layer(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana, bo)
    rota.override(bo, hours=5)
    words = markup.get(sign_in(bo), "/shifts").words
    assert "Platform on-call Rotation 1, by an overrideon call" in words
    assert words.count("Platform on-call") == 1 + 6
    assert "Platform on-call Rotation 1" in markup.get(sign_in(ana), "/shifts").words


def test_a_calendar_address_is_shown_once_and_can_be_revoked(told: World, sign_in: SignIn) -> None:
    rota = Rota(told)
    client = sign_in(told.zoe)
    form = markup.get(client, "/shifts").form("/calendar")
    page = markup.Page(client.post(form.action, {**form.fields, "make": "1"}), "/shifts")
    shown = [given["value"] for tag, given in page.tags if tag == "input" and "readonly" in given]
    assert [each.split("/v1/")[1].split("?")[0] for each in shown] == [
        "oncall/me.ics",
        f"oncall/schedules/{rota.id}.ics",
    ]
    path = "/v1/" + shown[0].split("/v1/")[1]
    assert client.get(path).status_code == 200
    again = markup.get(client, "/shifts")
    assert "nb_cal_" not in str(again.tags)
    assert "You made one on" in again.words
    form = again.form("/calendar")
    assert client.post(form.action, {**form.fields, "revoke": "1"}).status_code == 302
    assert client.get(path).status_code in {401, 404}


def test_hostile_names_stay_text(told: World, sign_in: SignIn) -> None:
    (eve,) = told.members("Eve", role=Role.ADMIN)
    with connection.cursor() as cursor:
        cursor.execute("update account set first_name = %s where id = %s", [HOSTILE, eve.id])
    rota = Rota(told, HOSTILE)
    layer = rota.layer(eve, told.zoe)
    rota.override(eve, hours=5)
    rota.policy()
    client = sign_in(told.zoe)
    told.zoe.resolves(rota.opens())
    base = f"/schedules/{rota.id}"
    forms = [f"{base}/override", f"{base}/layers/{layer}", "/incidents/new", "/incidents/1"]
    for path in ["/schedules", base, "/shifts", "/policies", "/", *forms]:
        body = client.get(path).content.decode()
        assert "<script>alert" not in body, path
        assert "\u202e" not in body, path


def test_another_organization_s_schedule_is_not_there(told: World, sign_in: SignIn) -> None:
    other, admin = organizations.create(Principal.operator(), "Day Owls", people.Person("max@day.example", "Max"))
    max_ = Principal(other.id, actor.user(admin.user_id, "Max", actor.Via.WEB), Role.ADMIN)
    theirs = schedules.create(max_, schedules.Given("Theirs", "UTC"))
    rota = Rota(told)
    layer = rota.layer(told.zoe)
    client = sign_in(told.zoe)
    token = markup.get(client, "/schedules/new").form("/new").fields["csrfmiddlewaretoken"]
    for path in ("", "/edit", "/override", "/layers/new", f"/layers/{layer}"):
        assert client.get(f"/schedules/{theirs}{path}").status_code == 404, path
    fields = {"csrfmiddlewaretoken": token, "user": str(told.zoe.id), "starts": "2027-01-01T10:00"}
    fields |= {
        "ends": "2027-01-01T12:00",
        "name": "x",
        "timezone": "UTC",
        "kind": "daily",
        "handoff": "09:00",
        "participant": str(told.zoe.id),
    }
    acts = ("/edit", "/delete", "/take", "/override", "/layers/new", f"/layers/{layer}", f"/layers/{layer}/delete")
    for path in (*acts, f"/overrides/{layer}/delete"):
        assert client.post(f"/schedules/{theirs}{path}", fields).status_code == 404, path
    for path in (f"/layers/{theirs}", f"/layers/{theirs}/delete", f"/overrides/{theirs}/delete"):
        assert client.post(f"/schedules/{rota.id}{path}", fields).status_code == 404, path
    assert "Theirs" not in markup.get(client, "/schedules").words


def test_uncovered_time_is_on_the_dashboard_and_on_the_policy(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana, effective_until=clock.now() + timedelta(days=11, hours=12))
    covered = Rota(told, "Always there")
    covered.layer(bo)
    rota.policy((bo, 5))
    client = sign_in(ana)
    page = markup.get(client, "/")
    assert "Nobody is on call for some of the next 14 days: Platform on-call for 2 days, from" in page.words
    assert f"/schedules/{rota.id}" in page.links
    assert "Always there" not in page.words
    words = markup.get(client, "/policies").words
    assert "Layer 1Platform on-call (whoever is on call)" in words
    assert "Layer 1 is skipped while nobody is on call: Platform on-call has nobody for" in words


def test_the_record_says_by_which_turn_or_override_somebody_was_paged(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana)
    rota.policy((cy, 5))
    name = "Platform on-call first"
    rota.opens()
    rota.override(bo, hours=5)
    rota.opens()
    client = sign_in(cy)
    words = markup.get(client, "/incidents/1").words
    assert f"Layer 1 of {name} → Platform on-call → weekly rotation paged: Ana." in words
    assert "Ana owns it: on call on Platform on-call." in words
    assert "Layer 1Platform on-call (whoever is on call)" in words
    words = markup.get(client, "/incidents/2").words
    assert f"Layer 1 of {name} → Platform on-call → weekly rotation (override by Bo until" in words
    # One that has a name is called by it.
    RotationLayer.objects.filter(id=rota.layers[0]).update(name="Week\u202edays")
    words = markup.get(client, "/incidents/1").words
    assert f"Layer 1 of {name} → Platform on-call → Weekdays paged: Ana." in words
    rota.layer(cy, kind=oncall.Kind.DAILY)
    rota.override(ana, hours=50, layer=rota.layers[1])
    rota.opens()
    words = markup.get(client, "/incidents/3").words
    assert "(override by Bo until" in words
    assert "and daily rotation (override by Ana until" in words
    empty = Rota(told, "Nobody there")
    empty.policy((cy, 5))
    empty.opens()
    words = markup.get(client, "/incidents/4").words
    assert "→ Nobody there skipped: nobody is on call." in words
    assert "Zoe owns it: nobody was on call on Nobody there." in words


def test_an_incident_opens_for_whoever_is_on_call(told: World, sign_in: SignIn) -> None:
    ana, bo = told.members("Ana", "Bo", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana)
    client = sign_in(bo)
    page = markup.get(client, "/incidents/new")
    assert "Platform on-call · Ana" in page.words
    form = page.form("/new")
    chosen = {"title": "DB pool exhausted", "owner": f"schedule:{rota.id}"}
    refused = markup.submit(client, form, **chosen, policy="none")
    assert "A schedule brings its policy along." in markup.Page(refused, "/").words
    refused = markup.submit(client, form, **{**chosen, "owner": str(bo.id)}, policy="schedule")
    assert "Choose a policy: only a schedule brings one along." in markup.Page(refused, "/").words
    refused = markup.submit(client, form, **{**chosen, "owner": "schedule:x"}, policy="schedule")
    assert "There is no such schedule." in markup.Page(refused, "/").words
    rota.policy((bo, 5))
    assert markup.submit(client, form, **chosen, policy="schedule")["Location"] == "/incidents/1"
    told.settles()
    words = markup.get(client, "/incidents/1").words
    assert "owner Ana" in words
    assert "Platform on-call first" in words


def test_what_the_pages_ask_of_the_database_does_not_grow(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy", role=Role.ADMIN)
    rota = Rota(told)
    rota.layer(ana, bo)
    client = sign_in(ana)
    paths = ("/schedules", f"/schedules/{rota.id}", "/shifts", "/policies", f"/schedules/{rota.id}/override")
    before = [queries(partial(client.get, path)) for path in paths]
    for number in range(3):
        other = Rota(told, f"Other {number}")
        other.layer(ana, bo)
        rota.layer(bo, cy)
        rota.override(cy, days=number, hours=5)
        other.policy((cy, 5))
    assert [queries(partial(client.get, path)) for path in paths] == before
    # The list of schedules looks twice: a week ahead, and farther for those whose next change comes later.
    assert before == [18, 20, 11, 12, 8]
