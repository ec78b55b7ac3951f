"""Opening incidents: who owns them, which policy they copy, which number they get, and the key that makes two one."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from nightbell.actions import escalations, incidents, organizations, people
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor, state
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.claims import opening
from nightbell.data.models import Audit, Organization, Page, Role
from nightbell.data.models import Incident as Row
from nightbell.data.reads import incidents as reads
from tests import races
from tests.world import World


def given(world: World, **more: object) -> incidents.Opening:
    values = {"title": "DB pool exhausted", "severity": state.Severity.HIGH, "owner_id": world.zoe.id} | more
    return incidents.Opening(**values)  # type: ignore[arg-type]


def larks() -> tuple[Principal, UUID]:
    """Somebody of another organization."""
    other, admin = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    return Principal(other.id, actor.user(admin.user_id, "Lark", actor.Via.API), Role.ADMIN), admin.user_id


def test_without_a_policy_the_owner_is_paged_at_once_and_no_clock_runs(world: World) -> None:
    view, is_new = incidents.open_incident(world.principal, given(world, description=""))
    assert is_new
    assert (view.incident.state, view.incident.due_at, view.incident.policy) == (state.State.NONE, None, None)
    assert (view.number, view.title, view.description, view.severity) == (
        1,
        "DB pool exhausted",
        "",
        state.Severity.HIGH,
    )
    assert (view.created_by, view.owner.id) == (world.principal.actor, world.zoe.id)
    story = world.of(view)
    (page,) = story.pages()
    assert (page.reason, page.user_id, page.state) == ("owner", world.zoe.id, "queued")
    assert story.kinds == ["incident_opened", "owner_paged"]
    expected = {
        "title": "DB pool exhausted",
        "severity": "high",
        "ownerId": str(world.zoe.id),
        "escalationPolicyId": None,
        "dedupKey": None,
    }
    assert story.record("incident_opened")[0].data.items() >= expected.items()
    assert story.record("owner_paged")[0].data == {
        "responder": str(world.zoe.id),
        "names": {str(world.zoe.id): "Zoe"},
    }
    world.settles()
    assert world.zoe.was_paged(story, reason="owner")
    assert "Nobody else will be paged." in world.zoe.newest_mail.text


def test_with_a_policy_its_copy_is_frozen_and_its_clock_is_due_now(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    policy_id = world.policy([([ana, bo], 5), ([bo], 10_080)], repeat=9)
    view, _ = incidents.open_incident(world.principal, given(world, policy_id=policy_id))
    incident = view.incident
    assert (incident.state, incident.due_at, incident.position) == (state.State.PAGING, view.created_at, 0)
    assert incident.due_cause is state.Cause.OPENED
    assert incident.policy is not None
    assert (incident.policy.id, incident.policy.repeat_count) == (policy_id, 9)
    targets = [layer.target.user_ids for layer in incident.policy.layers]  # type: ignore[union-attr]
    assert targets == [(ana.id, bo.id), (bo.id,)]
    assert [layer.ack_timeout.total_seconds() for layer in incident.policy.layers] == [300, 604_800]
    assert world.of(view).pages() == []
    assert view.created_at <= clock.now()


@pytest.mark.parametrize("has_policy", [True, False])
def test_what_is_answered_is_what_is_read_again(world: World, has_policy: bool) -> None:
    policy_id = world.policy([([world.zoe], 5)]) if has_policy else None
    alert = given(world, policy_id=policy_id, description="All of it", dedup_key="pool")
    view, _ = incidents.open_incident(world.principal, alert)
    assert view == reads.one(world.principal, view.incident.id)
    # So it is of every change.
    escalations.fire_due(SYSTEM)
    acts: list[Callable[[], reads.IncidentView]] = [
        partial(incidents.acknowledge, world.principal, view.number),
        partial(incidents.acknowledge, world.principal, view.number),
        partial(incidents.hand_off, world.principal, view.number, world.zoe.id, "Yours"),
        partial(incidents.change_status, world.principal, view.number, state.Status.IDENTIFIED),
        partial(incidents.resolve, world.principal, view.number),
    ]
    for act in acts:
        assert act() == reads.one(world.principal, view.incident.id)


def test_an_owner_who_is_no_active_member_is_refused(world: World) -> None:
    (bo,) = world.members("Bo")
    world.removes(bo)
    _, stranger = larks()
    for owner_id in (None, bo.id, stranger, uuid4()):
        with pytest.raises(Rejected) as refused:
            incidents.open_incident(world.principal, given(world, owner_id=owner_id))
        assert (refused.value.code, refused.value.field) == (Code.INVALID_OWNER, "owner_id")
    assert not Row.objects.exists()
    assert not Audit.objects.exclude(incident=None).exists()
    assert not Page.objects.exists()
    # What was refused used up no number.
    assert incidents.open_incident(world.principal, given(world))[0].number == 1


def test_a_policy_that_is_not_the_organizations_is_not_found(world: World) -> None:
    lark, stranger = larks()
    policy_id = world.policy([([world.zoe], 5)])
    with pytest.raises(Rejected) as refused:
        incidents.open_incident(lark, given(world, owner_id=stranger, policy_id=policy_id))
    assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "escalation_policy_id")
    with pytest.raises(Rejected) as refused:
        incidents.open_incident(world.principal, given(world, policy_id=uuid4()))
    assert refused.value.code is Code.NOT_FOUND
    assert not Row.objects.exists()


def test_i01_the_same_dedup_key_while_open_is_the_same_incident(world: World) -> None:
    alert = given(world, dedup_key="pool", policy_id=world.policy([([world.zoe], 5)]))
    first, is_new = incidents.open_incident(world.principal, alert)
    assert is_new
    incidents.acknowledge(world.principal, first.incident.id)
    record = world.of(first).record()
    again, is_new = incidents.open_incident(world.principal, alert)
    assert not is_new
    assert (again.incident.id, again.incident.state) == (first.incident.id, state.State.ACKNOWLEDGED)
    assert world.of(first).record() == record
    # Another organization's key of that name is another key, and a resolved incident makes room.
    lark, stranger = larks()
    assert incidents.open_incident(lark, given(world, owner_id=stranger, dedup_key="pool"))[1]
    incidents.resolve(world.principal, first.incident.id)
    second, is_new = incidents.open_incident(world.principal, alert)
    assert is_new
    assert (second.number, second.incident.state) == (2, state.State.PAGING)


def test_i02_two_first_requests_with_one_dedup_key_are_one_incident(world: World) -> None:
    act = partial(incidents.open_incident, world.principal, given(world, dedup_key="pool"))
    first, second = (r.result() for r in races.in_order(races.organization_row(world.organization.id), act, act))
    assert (first[1], second[1]) == (True, False)
    assert first[0].incident.id == second[0].incident.id
    assert Row.objects.count() == Page.objects.count() == 1
    # The one that lost used up no number.
    assert incidents.open_incident(world.principal, given(world))[0].number == 2


def test_a_loser_within_a_larger_transaction_undoes_only_itself(world: World) -> None:
    alert = given(world, dedup_key="pool")
    first, _ = incidents.open_incident(world.principal, alert)
    with transaction.atomic():
        other, _ = incidents.open_incident(world.principal, given(world))
        again, is_new = incidents.open_incident(world.principal, alert)
        assert (again.incident.id, is_new) == (first.incident.id, False)
    assert incidents.open_incident(world.principal, given(world))[0].number == other.number + 1 == 3


def test_a_loser_whose_winner_is_resolved_in_between_opens_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = given(world, dedup_key="pool")
    first, _ = incidents.open_incident(world.principal, alert)
    read = opening.open_with

    def resolved_meanwhile(organization_id: UUID, dedup_key: str) -> UUID | None:
        incidents.resolve(world.principal, first.incident.id)
        return read(organization_id, dedup_key)

    monkeypatch.setattr(opening, "open_with", resolved_meanwhile)
    second, is_new = incidents.open_incident(world.principal, alert)
    assert is_new
    assert second.incident.id != first.incident.id


def test_numbers_count_from_one_without_gaps_however_many_open_at_once(world: World) -> None:
    alert = given(world, dedup_key="pool")

    def opens() -> list[int]:
        numbers = []
        for turn in range(15):
            numbers.append(incidents.open_incident(world.principal, given(world))[0].number)
            incidents.open_incident(world.principal, alert)
            if turn % 5 == 0:
                with pytest.raises(Rejected):
                    incidents.open_incident(world.principal, given(world, owner_id=None))
        return numbers

    numbers = [running.result() for running in [races.Running(opens) for _ in range(4)]]
    assert all(each == sorted(each) for each in numbers)
    assert sorted(Row.objects.values_list("number", flat=True)) == list(range(1, 62))
    assert Organization.objects.get(id=world.organization.id).incident_count == 61


def test_each_organization_counts_for_itself(world: World) -> None:
    lark, stranger = larks()
    assert incidents.open_incident(world.principal, given(world))[0].number == 1
    assert incidents.open_incident(lark, given(world, owner_id=stranger))[0].number == 1
