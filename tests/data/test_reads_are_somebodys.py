"""Reads are somebody's: of their organization and nothing else. What reads for nobody in particular is listed here."""

import importlib
import pkgutil
from inspect import signature
from types import FunctionType

from nightbell.data import clock, reads
from nightbell.data.access.principal import Principal
from nightbell.data.reads import directory
from nightbell.data.reads import schedules as schedule_reads
from nightbell.data.reads import workspaces as workspace_reads
from tests.rota import Rota
from tests.world import World

# What an engine asks, what a decision needs, what is asked before anybody is known, and what only gives names to ids
# that a principal's own read has brought.
OF_NOBODY = {
    "admins.first_address",
    *("calendars.holder", "calendars.of_person", "calendars.of_schedule", "calendars.token_since"),
    "directory.organizations",
    "gaps.of_organization_id",
    *("health.migrated", "health.paging", "health.writable"),
    *("incidents.foreseen", "incidents.of_organization", "incidents.of_row"),
    *("on_call.foreseen", "on_call.names", "on_call.of_schedules", "on_call.until"),
    "organizations.every",
    *("pages.look", "pages.look_at_notice", "pages.next_step", "pages.why_not"),
    *("reach.most", "reach.offered", "reach.way"),
    *("rosters.lock_member", "rosters.read"),
    *("schedules.load", "schedules.load_with_past"),
    *("copies.addresses", "copies.look", "copies.of"),
    *("workspaces.asked", "workspaces.every", "workspaces.most_copies", "workspaces.of_team", "workspaces.showing"),
    *("workspaces.unchecked", "workspaces.unmatched"),
}


def test_whatever_reads_for_nobody_in_particular_is_listed() -> None:
    found = set()
    for each in pkgutil.iter_modules(reads.__path__):
        module = importlib.import_module(f"{reads.__name__}.{each.name}")
        for name, read in vars(module).items():
            if isinstance(read, FunctionType) and read.__module__ == module.__name__ and not name.startswith("_"):
                if "principal" not in signature(read).parameters:
                    found.add(f"{each.name}.{name}")
    assert found == OF_NOBODY


def test_of_a_schedule_another_organization_reads_nothing(world: World) -> None:
    (ana,) = world.members("Ana")
    rota = Rota(world)
    layer_id = rota.layer(ana)
    override_id = rota.override(ana)
    with World("Day Larks") as larks:
        for who, times in ((world.principal, 1), (larks.principal, 0)):
            assert len(schedule_reads.layers(who, rota.id)) == times
            assert len(schedule_reads.overrides(who, rota.id, clock.now())) == times
            assert len(schedule_reads.overrides_by_id(who, rota.id, [override_id])) == times
            assert set(schedule_reads.rotation_names(who, [rota.id])) == ({layer_id} if times else set())


def test_a_directory_is_the_organizations_own(world: World) -> None:
    with World("Day Larks") as larks:
        assert directory.name(larks.principal) == "Day Larks"
        assert [each.name for each in workspace_reads.identities(larks.principal, "slack")] == ["Zoe"]
    assert directory.name(Principal.operator(world.organization.id)) == world.organization.name
