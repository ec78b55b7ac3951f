"""Stories of handing off."""

from tests.world import World


def test_an_unanswered_handoff_resumes_at_the_next_layer(world: World) -> None:
    ana, bo, cy = world.members("Ana", "Bo", "Cy")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 15)])
    assert ana.was_paged(incident, layer=1)
    ana.hands_off(incident, to=bo)
    assert bo.was_paged(incident)
    assert not cy.was_paged(incident)
    world.waits(minutes=5)
    assert cy.was_paged(incident, layer=2)
