"""Incidents as they are listed and shown."""

import unicodedata
from datetime import timedelta

from nightbell.actions import ids
from nightbell.core.incident import paging, state
from nightbell.data import clock
from nightbell.data.models import Account, Page
from nightbell.data.reads import incidents
from tests.world import World


def test_x19_a_search_finds_the_other_form_of_a_text(world: World) -> None:
    (ana,) = world.members("Ana")
    titles = ("Café down", unicodedata.normalize("NFD", "Café up"), "ｶﾞ", "ガ")
    for title in titles:
        world.opens(title, owner=ana, paging=False)

    def found(words: str) -> list[str]:
        return [view.title for view in incidents.listed(world.principal, incidents.Filters(words=words), 10, None)[0]]

    assert found("CAFÉ") == found(unicodedata.normalize("NFD", "café")) == [titles[1], titles[0]]
    assert found("ガ") == found("ｶﾞ") == [titles[3], titles[2]]
    assert found("Cafe") == []


def test_the_newest_come_first_and_a_cursor_goes_on(world: World) -> None:
    for number in range(7):
        world.opens(f"Disk {number}", owner=world.zoe, paging=False)
    seen: list[int] = []
    cursor = None
    sizes = []
    while True:
        found, cursor = incidents.listed(world.principal, incidents.Filters(), 3, cursor)
        seen += [view.number for view in found]
        sizes.append(len(found))
        if cursor is None:
            break
        # What is opened meanwhile shifts nothing.
        world.opens("Later", owner=world.zoe, paging=False)
    assert (seen, sizes) == ([7, 6, 5, 4, 3, 2, 1], [3, 3, 1])
    assert incidents.listed(world.principal, incidents.Filters(), 9, None)[1] is None
    world.settles()
    world.forgets_mail()


def test_a_list_is_narrowed(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    start = clock.now()
    first = world.opens("Disk 100% full", layers=[([ana], 5)])
    world.sleeps(minutes=1)
    middle = clock.now()
    second = world.opens("Disk 100 of pg_data", layers=[([bo], 5)])
    third = world.opens("A back\\slash", owner=bo)
    ana.resolves(first)
    bo.acknowledges(second)

    def numbers(**given: object) -> list[int]:
        filters = incidents.Filters(**given)  # type: ignore[arg-type]
        return [view.number for view in incidents.listed(world.principal, filters, 10, None)[0]]

    assert numbers() == [3, 2, 1]
    assert numbers(status=state.Status.RESOLVED) == [1]
    assert numbers(severity=state.Severity.CRITICAL) == [3, 2, 1]
    assert numbers(severity=state.Severity.LOW) == []
    assert numbers(owner_id=bo.id) == [3, 2]
    assert numbers(escalation_state=state.State.ACKNOWLEDGED) == [2]
    assert (numbers(is_open=True), numbers(is_open=False)) == ([3, 2], [1])
    assert (numbers(since=middle), numbers(until=middle)) == ([3, 2], [1])
    assert numbers(since=start, until=start) == []
    # Words are words, whatever they mean to a pattern.
    assert numbers(words="DISK") == [2, 1]
    assert numbers(words="100%") == [1]
    assert numbers(words="pg_data") == [2]
    assert numbers(words="pgXdata") == numbers(words="_")[1:] == []
    assert numbers(words="k\\s") == [3]
    assert numbers(words="DISK", owner_id=bo.id, is_open=True) == [2]
    assert third.number == 3
    world.forgets_mail()


def test_a_row_of_a_list_has_all_but_who_was_notified_and_who_is_next(world: World) -> None:
    incident = world.opens("DB pool exhausted", layers=[([world.zoe], 5)])
    (row,), _ = incidents.listed(world.principal, incidents.Filters(), 10, None)
    one = incidents.one(world.principal, incident.id)
    assert one is not None
    assert (row.notified, row.next_stop, row.audit_trail) == ((), None, ())
    assert (row.title, row.owner, row.created_by, row.incident) == (one.title, one.owner, one.created_by, one.incident)
    assert world.zoe.was_paged(incident)


def test_who_was_notified_is_one_entry_a_person_with_the_newest_page_of_each_channel(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana, bo], 5), ([ana], 5)])
    first = incident.view.notified
    assert [(each.person.name, each.reason) for each in first] == [("Ana", "layer"), ("Bo", "layer")]
    assert [(each.channel, each.state, each.error) for each in first[0].channels] == [("email", "sent", None)]
    world.mail.answer(ana.email, rcpt="550 gone")
    world.waits(minutes=5)
    again = incident.view.notified
    assert [each.person.name for each in again] == ["Ana", "Bo", "Zoe"]
    ana_now = next(each for each in again if each.person.id == ana.id)
    assert ana_now.paged_at == first[0].paged_at
    assert [(each.channel, each.state) for each in ana_now.channels] == [("email", "queued")]
    assert "550 gone" in str(ana_now.channels[0].error)
    # A second channel stands beside the first.
    page = Page.objects.filter(user_id=bo.id).get()
    page.id, page.channel = ids.new(), "slack"
    page.save(force_insert=True)
    bo_now = next(each for each in incident.view.notified if each.person.id == bo.id)
    assert [each.channel for each in bo_now.channels] == ["email", "slack"]
    world.forgets_mail()


def test_who_is_next_is_what_will_really_be_paged(world: World) -> None:
    ana, bo, cy, dee = world.members("Ana", "Bo", "Cy", "Dee")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([dee], 5), ([ana, bo], 5)], repeat=1)
    world.removes(dee)
    ana.hands_off(incident, to=cy)

    def coming() -> tuple[int, int, set[str]]:
        stop = incident.view.next_stop
        assert isinstance(stop, paging.Stop)
        return stop.position, stop.round, {member.name for member, _ in stop.group}

    # Layer 2 stands for nobody, and Ana is relieved: she is passed over where the layer names anybody else.
    assert coming() == (3, 1, {"Bo"})
    world.waits(minutes=5)
    assert (incident.now.position, incident.now.round) == (3, 1)
    assert coming() == (1, 2, {"Ana", "Cy"})
    world.waits(minutes=5)
    assert coming() == (3, 2, {"Bo"})
    world.waits(minutes=5)
    stop = incident.view.next_stop
    assert stop is not None
    assert (stop.layer, {member.name for member, _ in stop.group}) == (None, {"Zoe", "Cy"})
    world.waits(minutes=5)
    assert incident.view.next_stop is None
    world.forgets_mail()


def test_the_record_names_people_as_they_are_called_now(world: World) -> None:
    ana, bo = world.members("Ana", "Bo")
    incident = world.opens("DB pool exhausted", layers=[([ana], 5), ([bo], 5)])
    ana.hands_off(incident, to=bo)
    Account.objects.filter(id=bo.id).update(first_name="Robert", last_name="Lind")
    view = incident.view
    assert view.names == {ana.id: "Ana", bo.id: "Robert Lind"}
    assert view.owner == incidents.Person(bo.id, "Robert Lind")
    instants = [entry.at for entry in view.audit_trail]
    assert instants == sorted(instants)
    assert clock.now() - instants[0] < timedelta(minutes=1)
    world.forgets_mail()
