"""Schedules where the API and the pages cannot reach: limits, two changes at once, and whoever has the turn."""

import random
import unicodedata
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from nightbell.actions import ids, overrides, policies, policy_drafts, rotations, schedules
from nightbell.core import editing, oncall, policy
from nightbell.core.errors import Code, Rejected
from nightbell.data import clock
from nightbell.data.models import EscalationLayer, Override, RotationLayer, Schedule
from nightbell.data.reads import schedules as reads
from tests.races import Running
from tests.rota import Rota
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def rota(world: World) -> Rota:
    """Ana, Bo and Cy take weekly turns."""
    made = Rota(world)
    made.layer(*world.members("Ana", "Bo", "Cy"))
    return made


def refusal(refused: pytest.ExceptionInfo[Rejected]) -> tuple[Code, str | None]:
    return refused.value.code, refused.value.field


def test_a_schedule_has_at_most_fifty_layers(world: World, rota: Rota) -> None:
    for _ in range(oncall.MAX_LAYERS - 1):
        rota.layer(world.zoe)
    with pytest.raises(Rejected) as refused:
        rota.layer(world.zoe)
    assert refusal(refused) == (Code.VALIDATION_ERROR, "layers")
    assert RotationLayer.objects.count() == oncall.MAX_LAYERS


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (schedules.Given(" ", "UTC"), "name"),
        (schedules.Given("x" * 256, "UTC"), "name"),
        (schedules.Given("x", "UTC", "x" * 10_001), "description"),
        (schedules.Given("x", "Europe/../Berlin"), "timezone"),
    ],
)
def test_a_schedule_that_is_none_is_refused(world: World, given: schedules.Given, field: str) -> None:
    with pytest.raises(Rejected) as refused:
        schedules.create(world.principal, given)
    assert refusal(refused) == (Code.VALIDATION_ERROR, field)


@pytest.mark.parametrize("at", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)])
def test_no_turn_starts_and_no_override_ends_outside_the_calendar(world: World, rota: Rota, at: datetime) -> None:
    with pytest.raises(Rejected) as refused:
        rota.layer(world.zoe, since=at)
    assert refusal(refused) == (Code.VALIDATION_ERROR, "effective_from")
    with pytest.raises(Rejected) as refused:
        overrides.create(world.principal, rota.id, overrides.Given(world.zoe.id, at, at + timedelta(hours=1)))
    assert refusal(refused) == (Code.VALIDATION_ERROR, "starts_at")


def test_a_fault_is_not_taken_for_a_name_that_is_taken(
    world: World, rota: Rota, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "new", lambda: rota.id)
    with pytest.raises(IntegrityError, match="schedule_pkey"):
        schedules.create(world.principal, schedules.Given("Another", "UTC"))


def test_without_keeping_a_change_of_zone_leaves_the_turns_as_they_are_written(world: World, rota: Rota) -> None:
    schedules.change(world.principal, rota.id, {"timezone": "Asia/Tokyo"}, schedules.How(keep_current=False))
    assert RotationLayer.objects.get().shift_offset == 0
    assert Schedule.objects.get().timezone == "Asia/Tokyo"


def test_whatever_is_edited_whoever_has_the_turn_keeps_it(world: World, rota: Rota) -> None:
    chance = random.Random(7)
    everybody = [*rota.people.values(), *world.members("Di", "Eve", "Flo")]
    hours = (0, 3, 9, 23)
    for _ in range(25):
        world.sleeps(hours=chance.randrange(24 * 20))
        (before,) = rota.on_call()
        held = next(person for person in everybody if person.name == before)
        others = [person for person in everybody if person is not held]
        people = [held, *chance.sample(others, chance.randrange(len(others)))]
        chance.shuffle(people)
        if chance.random() < 0.3:
            zone = chance.choice(["Pacific/Apia", "America/New_York", "UTC", "Asia/Kathmandu"])
            schedules.change(world.principal, rota.id, {"timezone": zone})
        kind = chance.choice(list(oncall.Kind))
        changes: rotations.Changes = {
            "participants": tuple(person.id for person in people),
            "kind": kind,
            "length_days": oncall.LENGTH_DAYS.get(kind, chance.randrange(1, 20)),
            "handoff_time": time(chance.choice(hours)),
        }
        edit = partial(schedules.change_layer, world.principal, rota.id, rota.layers[0], changes)
        now = clock.now()
        was = reads.load_with_past([rota.id], now - 90 * DAY)[rota.id]
        shown = schedules.preview(world.principal, rota.id, edit)
        assert reads.load_with_past([rota.id], now - 90 * DAY)[rota.id] == was
        edit()
        assert rota.on_call() == [before]
        becomes = reads.load_with_past([rota.id], now - 90 * DAY)[rota.id]
        drawn = editing.difference(was, becomes, now - 90 * DAY, now + schedules.PREVIEW)
        told = [(each.position, each.loses, each.gains) for each in shown]
        # Nothing of the past; and of the future what was shown, up to the time between the two looks.
        assert [(each.position, each.loses, each.gains) for each in drawn] == told
        assert all(each.start >= now for each in drawn)


def test_a_preview_that_is_refused_is_refused_as_in_earnest(world: World, rota: Rota) -> None:
    rota.policy()
    with pytest.raises(Rejected) as refused:
        schedules.preview(world.principal, rota.id, lambda: schedules.delete(world.principal, rota.id))
    assert refused.value.code is Code.IN_USE
    with pytest.raises(Rejected) as refused:
        overrides.preview_taking(world.principal, rota.id, rota.people["Ana"].id)
    assert refusal(refused) == (Code.VALIDATION_ERROR, "user_id")
    assert Schedule.objects.count() == 1


def test_of_two_overrides_at_once_that_overlap_one_is_refused(world: World, rota: Rota) -> None:
    now = clock.now()
    both = [
        Running(
            lambda person=person: overrides.create(  # type: ignore[misc]
                world.principal, rota.id, overrides.Given(person.id, now, now + timedelta(hours=1))
            )
        )
        for person in (rota.people["Bo"], rota.people["Cy"])
    ]
    refused = []
    for each in both:
        try:
            each.result()
        except Rejected as error:
            refused.append(error.field)
    assert refused == ["startsAt"]
    assert Override.objects.count() == 1
    world.settles()
    world.forgets_mail()


def test_of_a_deletion_and_a_policy_that_targets_it_at_once_one_is_refused(world: World) -> None:
    for number in range(5):
        rota = Rota(world, f"Rota {number}")
        layer = policy_drafts.LayerDraft(policy.Schedule(rota.id), 5)
        both: list[Running[Any]] = [
            Running(lambda rota=rota: schedules.delete(world.principal, rota.id)),  # type: ignore[misc]
            Running(
                lambda layer=layer, number=number: policies.create(  # type: ignore[misc]
                    world.principal, policy_drafts.Draft(f"P{number}", layers=(layer,))
                )
            ),
        ]
        refused = []
        for each in both:
            try:
                each.result()
            except Rejected as error:
                refused.append(error.code)
        assert refused in ([Code.IN_USE], [Code.INVALID_TARGET])
        assert (
            EscalationLayer.objects.filter(schedule_id=rota.id).exists() is Schedule.objects.filter(id=rota.id).exists()
        )


def test_x19_a_schedule_is_found_however_its_name_is_written(world: World) -> None:
    written = unicodedata.normalize("NFD", "Café ガ")
    made = Rota(world, written)
    for typed in (written, "café ガ", "CAFÉ ｶﾞ", str(made.id)):
        found = reads.named(world.principal, typed)
        assert found is not None
        assert found.id == made.id
    assert reads.named(world.principal, "Cafe") is None


@pytest.mark.parametrize("name", ["", "  ", "n" * 256])
def test_a_rotation_without_a_name_to_speak_of_is_refused(world: World, name: str) -> None:
    with pytest.raises(Rejected, match="1 to 255 characters"):
        Rota(world).layer(world.zoe, name=name)
