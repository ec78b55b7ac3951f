"""What the API says of an incident that a restore holds, and what a repeat of it does."""

from pathlib import Path

from nightbell import postgres
from nightbell.data.reads import incidents as reads
from tests import restoring
from tests.api.caller import Caller
from tests.world import World


def test_p27_a_held_clock_is_not_shown_as_if_it_ran(
    world: World, api: Caller, server: postgres.Server, tmp_path: Path
) -> None:
    ana, bo = world.members("Ana", "Bo")
    opened = api.opens(ana.id, world.policy([([ana], 5), ([bo], 15)]), dedupKey="pool")
    world.settles()
    world.forgets_mail()
    restoring.restore(server, tmp_path / "export.zip")

    shown = api.shown(opened["number"])["escalation"]
    assert set(shown) == set(opened["escalation"])
    assert (shown["state"], shown["nextEscalationAt"], shown["nextLayer"]) == ("paging", None, None)
    (row,) = api.get("/incidents").data["incidents"]
    assert (row["escalation"]["state"], row["escalation"]["nextEscalationAt"]) == ("paging", None)
    assert api.kinds(opened["number"])[-1] == "paging_held"

    given = {"title": "DB pool exhausted", "severity": "critical", "ownerId": str(ana.id), "dedupKey": "pool"}
    again = api.post("/incidents", given, Idempotency_Key="once")
    assert (again.status, again.data["id"]) == (200, opened["id"])
    assert again.data["escalation"]["nextEscalationAt"] is not None
    world.settles()
    assert bo.was_paged(world.of(_view(world, opened["number"])), layer=2)


def _view(world: World, number: int) -> reads.IncidentView:
    view = reads.one(world.principal, number)
    assert view is not None
    return view
