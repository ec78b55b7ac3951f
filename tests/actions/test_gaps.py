"""Telling admins of hours in which nobody is on call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection

from nightbell.actions import gaps, organizations, people
from nightbell.data import clock
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Notice, Organization, Role
from nightbell.data.reads import gaps as reads
from nightbell.engine import chores
from tests.rota import Rota
from tests.world import World

WORDS = "Nobody is on call at some hours"


def test_admins_are_told_of_gaps_once_a_week(world: World) -> None:
    ana, bo = world.member("Ana", Role.ADMIN), world.member("Bo")
    rota = Rota(world)
    rota.layer(bo, since=clock.now() + timedelta(days=3))
    assert gaps.tell_all(SYSTEM) == 1
    assert gaps.tell_all(SYSTEM) == 0
    world.settles()
    assert ana.was_told(WORDS)
    assert world.zoe.was_told(WORDS)
    assert world.inbox(bo) == []
    assert "- Platform on-call: from " in ana.newest_mail.text
    world.sleeps(days=6, hours=23)
    assert gaps.tell_all(SYSTEM) == 0
    world.sleeps(days=8)
    assert gaps.tell_all(SYSTEM) == 0
    rota.layer(bo)
    assert gaps.tell_all(SYSTEM) == 0
    Rota(world, "Empty")
    assert gaps.tell_all(SYSTEM) == 1
    world.settles()
    assert [mail.subject.startswith(WORDS) for mail in world.inbox(ana)] == [True, True]
    world.forgets_mail()


def test_without_gaps_nobody_is_told_and_a_gap_need_not_wait(world: World) -> None:
    rota = Rota(world)
    rota.layer(world.zoe)
    assert gaps.tell_all(SYSTEM) == 0
    assert Organization.objects.get(id=world.organization.id).gaps_told_at is None
    Rota(world, "Empty")
    assert gaps.tell_all(SYSTEM) == 1
    assert Notice.objects.count() == 1
    world.settles()
    world.forgets_mail()


def test_several_engines_tell_once(world: World) -> None:
    Rota(world)

    def tell() -> int:
        try:
            return gaps.tell_all(SYSTEM)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(done.result() for done in [pool.submit(tell) for _ in range(4)]) == 1
    assert Notice.objects.count() == 1
    world.settles()
    world.forgets_mail()


def test_each_organization_is_told_of_its_own(world: World) -> None:
    organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    Rota(world)
    chores.tidy()
    (told,) = Notice.objects.all()
    assert told.organization_id == world.organization.id
    world.settles()
    world.forgets_mail()


def test_gaps_are_those_of_the_next_two_weeks_by_schedule(world: World) -> None:
    now = clock.now()
    covered, later, empty = Rota(world, "Covered"), Rota(world, "Later"), Rota(world, "Empty")
    covered.layer(world.zoe)
    later.layer(world.zoe, since=now + timedelta(days=10), effective_until=now + timedelta(days=12))
    now = clock.now()
    found = reads.of_organization(world.principal, now)
    assert [each.name for each in found] == ["Empty", "Later"]
    assert found[0].gaps == ((now, now + timedelta(days=14)),)
    assert len(found[1].gaps) == 2
    assert [each.name for each in reads.of_schedules(world.principal, [later.id, covered.id], now)] == ["Later"]
    assert empty.id == found[0].schedule_id
