"""Who is meant by an id on the record: by the name of then, also once they have another or have left."""

from typing import Any

from nightbell.actions import escalations, organizations, people
from nightbell.data.access.principal import SYSTEM, Principal
from nightbell.data.models import Account, Audit
from tests.api.caller import Caller
from tests.rota import Rota
from tests.web import markup
from tests.web.conftest import SignIn
from tests.world import World


def mentioned(value: Any) -> set[str]:
    """Every id in an entry's data."""
    match value:
        case dict():
            return {found for name, each in value.items() if name != "names" for found in mentioned(each)}
        case list():
            return {found for each in value for found in mentioned(each)}
        case _:
            return {value} if isinstance(value, str) else set()


def test_w5_every_entry_has_the_name_of_then_of_everybody_it_mentions(told: World, sign_in: SignIn) -> None:
    ana, bo, cy = told.members("Ana", "Bo", "Cy")
    rota = Rota(told)
    rota.layer(cy)
    rota.override(bo)
    incident = told.opens("DB pool exhausted", layers=[([ana], 5), ([cy], 10)])
    ana.hands_off(incident, to=bo)
    told.waits(minutes=5)
    told.removes(bo)
    told.waits(minutes=20)
    waiting = told.opens("Second", layers=[([ana], 5)], paging=False)
    escalations.fire_due(SYSTEM)
    cy.resolves(waiting)
    names = {str(each.id): each.name for each in (ana, bo, cy, told.zoe)}
    seen = set()
    for entry in Audit.objects.order_by("sequence"):
        expected = {each: names[each] for each in mentioned(entry.data) & names.keys()}
        assert entry.data.get("names", {}) == expected, entry.kind
        seen |= {entry.kind} if expected else set()
    assert seen >= {
        "incident_opened", "layer_paged", "fallback_paged", "incident_handed_off", "page_sent", "pages_cancelled",
        "owner_changed", "schedule_changed", "override_created",
    }  # fmt: skip
    Account.objects.filter(id__in=[bo.id, ana.id]).update(first_name="Other")
    words = markup.get(sign_in(told.zoe), "/incidents/1").words.partition("Timeline")[2]
    assert "Ana handed this to Bo." in words
    assert "Bo did not answer in 5 min." in words
    assert "Other" not in words


def test_w5_text_that_looks_like_an_id_names_nobody_of_another_organization(told: World) -> None:
    _, stranger = organizations.create(Principal.operator(), "Early Larks", people.Person("lara@larks.example", "Lara"))
    for title in ("-" * 36, str(stranger.user_id), str(told.organization.id)):
        (entry,) = told.opens(title).record("incident_opened")
        assert entry.data["names"] == {str(told.zoe.id): "Zoe"}


def test_w5_users_on_request_also_those_who_left(told: World) -> None:
    ana, bo = told.members("Ana", "Bo")
    told.removes(bo)
    api = Caller(told.organization)

    def users(query: str = "") -> list[str]:
        return [each["firstName"] for each in api.get(f"/users{query}").data["users"]]

    assert users() == users("?includeRemoved=false") == ["Ana", "Zoe"]
    assert users("?includeRemoved=true") == ["Ana", "Bo", "Zoe"]
    assert api.get("/users?includeRemoved=maybe").fields == ["includeRemoved"]
    assert api.get("/users?removed=true").fields == ["removed"]
    again = told.member("Bo")
    assert again.id == bo.id
    assert users("?includeRemoved=true") == ["Ana", "Bo", "Zoe"]
    assert ana.id != bo.id
