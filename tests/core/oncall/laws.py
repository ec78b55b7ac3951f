"""What is true of every schedule at every instant; each law takes what was drawn, so that planted bugs run it too."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import pairwise, product
from uuid import UUID

from nightbell.core import editing, oncall, zones
from tests.core.oncall import drawing, oracle, transitions
from tests.core.oncall.drawing import DAY, MINUTE, MOMENT, PEOPLE, Case

FAR_AWAY = ("UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Apia")


def people(schedule: oncall.Schedule, at: datetime) -> dict[int, UUID]:
    """Who the product says is on call at each position."""
    duties = oncall.on_call(schedule, at)
    assert [duty.position for duty in duties] == sorted({duty.position for duty in duties}), "in order, one a layer"
    return {duty.position: duty.user_id for duty in duties}


def the_simulation_agrees(case: Case, somewhere: datetime) -> None:
    for at in (somewhere, *drawing.edges(case)):
        found = people(case.schedule, at)
        assert found == oracle.people(case.schedule, at)
        in_order = [found[position] for position in sorted(found)]
        assert oncall.owner(case.schedule, at) == (in_order[0] if in_order else None)
        assert oncall.paging_targets(case.schedule, at) == tuple(dict.fromkeys(in_order))


def an_unrestricted_layer_has_one_person(case: Case, somewhere: datetime) -> None:
    """Of the people who are still there, in every layer that has begun and not ended."""
    for layer, at in product(case.schedule.layers, (somewhere, *drawing.edges(case))):
        begun = layer.effective_from <= at and (layer.effective_until is None or at < layer.effective_until)
        if begun and not case.schedule.inactive.issuperset(layer.participants):
            on_it = [duty for duty in oncall.on_call(case.schedule, at) if duty.position == layer.position]
            assert len(on_it) == 1
            assert on_it[0].layer_id == layer.id
            assert (on_it[0].shift is None) == (on_it[0].override_id is not None)


def the_zone_of_an_instant_does_not_matter(case: Case, at: datetime) -> None:
    duties = oncall.on_call(case.schedule, at)
    lines = {position: oncall.shifts(case.schedule, position, case.start, case.end) for position in (0, 1)}
    for name in (*FAR_AWAY, case.schedule.timezone):
        zone = zones.zone(name)
        moved = replace(
            case.schedule,
            layers=tuple(
                replace(
                    layer,
                    effective_from=layer.effective_from.astimezone(zone),
                    effective_until=layer.effective_until and layer.effective_until.astimezone(zone),
                )
                for layer in case.schedule.layers
            ),
            overrides=tuple(
                replace(each, starts_at=each.starts_at.astimezone(zone), ends_at=each.ends_at.astimezone(zone))
                for each in case.schedule.overrides
            ),
        )
        start, end = case.start.astimezone(zone), case.end.astimezone(zone)
        for schedule in (case.schedule, moved):
            assert oncall.on_call(schedule, at.astimezone(zone)) == duties
            for position, line in lines.items():
                assert oncall.shifts(schedule, position, start, end) == line


def lines(case: Case, start: datetime, end: datetime) -> list[tuple[int | None, tuple[oncall.Shift, ...]]]:
    """Every line of the timeline by its position, and the final one as None."""
    positions = (*oncall.positions(case.schedule), 7)
    return [
        (None, oncall.final(case.schedule, start, end)),
        *((position, oncall.shifts(case.schedule, position, start, end)) for position in positions),
    ]


def at_once(case: Case, position: int | None, at: datetime) -> oncall.Duty | None:
    """What the point function says of a line at an instant."""
    duties = oncall.on_call(case.schedule, at)
    return next((duty for duty in duties if position is None or duty.position == position), None)


def a_line_tiles_and_agrees_with_the_instant(case: Case) -> None:
    for position, line in lines(case, case.start, case.end):
        assert line[0].start == case.start
        assert line[-1].end == case.end
        for one, other in pairwise(line):
            assert one.end == other.start
            assert one.duty != other.duty, "what is the same on both sides of an edge is one shift"
        for shift in line:
            assert shift.start < shift.end
            middle = shift.start + (shift.end - shift.start) / 2
            for at in (shift.start, shift.start + MOMENT, middle, shift.end - MOMENT):
                assert at_once(case, position, at) == shift.duty
    gaps = [(shift.start, shift.end) for shift in oncall.final(case.schedule, case.start, case.end) if not shift.duty]
    assert list(oncall.gaps(case.schedule, case.start, case.end)) == gaps
    assert oncall.final(case.schedule, case.end, case.start) == ()


def two_lines_join(case: Case, middle: datetime) -> None:
    wholes = lines(case, case.start, case.end)
    firsts, seconds = lines(case, case.start, middle), lines(case, middle, case.end)
    for (_, whole), (_, first), (_, second) in zip(wholes, firsts, seconds, strict=True):
        joined = first + second
        if first and second and first[-1].duty == second[0].duty:
            joined = (*first[:-1], oncall.Shift(first[-1].start, second[0].end, second[0].duty), *second[1:])
        assert joined == whole


def handoffs_are_where_the_wall_says(case: Case) -> None:
    """They never go backwards; they show their wall time, the first of two, or a time just as far after a gap."""
    for layer in case.schedule.layers:
        alone = replace(layer, effective_until=None, participants=PEOPLE[:2], position=0)
        schedule = oncall.Schedule(case.schedule.id, case.schedule.timezone, (alone,))
        line = oncall.shifts(schedule, 0, alone.effective_from, case.end + 2 * alone.length_days * DAY)
        last = -1
        for shift in line[:-1] if len(line) > 1 else line:
            if shift.duty is None:
                continue
            assert shift.duty.shift is not None
            assert shift.duty.shift > last
            last = shift.duty.shift
            if shift.start > alone.effective_from:
                day = oracle.wall(schedule.timezone, alone.effective_from).date() + last * alone.length_days * DAY
                planned = datetime.combine(day, alone.handoff_time)
                there = oracle.shows(schedule.timezone, planned)
                assert shift.start == (there[0] if there else oracle.happens(schedule.timezone, planned))


def turns_are_shared_equally(layer: oncall.Rotation, timezone: str, cycles: int) -> None:
    """Whole cycles give everybody equally many shifts; the shift that a lost day swallows counts as theirs."""
    count = len(layer.participants)
    endless = replace(layer, effective_until=None, position=0)
    schedule = oncall.Schedule(UUID(int=99), timezone, (endless,))
    numbered = {
        shift.duty.shift: shift.duty.user_id
        for shift in oncall.shifts(
            schedule,
            0,
            layer.effective_from,
            layer.effective_from + (cycles * count + 2) * layer.length_days * DAY,
        )
        if shift.duty
    }
    people = [numbered.get(number) for number in range(cycles * count)]
    swallowed = people.count(None)
    shares = Counter(user_id for user_id in people if user_id)
    assert swallowed <= 1
    assert sum(shares.values()) + swallowed == cycles * count
    assert all(share in {cycles, cycles - swallowed} for share in shares.values())
    assert set(shares) == set(layer.participants) or swallowed


def an_edit_keeps_todays_person(
    case: Case, layer: oncall.Rotation, edited: oncall.Rotation, timezone: str, now: datetime
) -> None:
    before = oncall.owner(case.schedule, now)
    kept = editing.keeping(case.schedule, layer, edited, timezone, now)
    assert replace(kept, offset=edited.offset) == edited, "nothing that a client wrote is changed"
    after_schedule = replace(case.schedule, layers=(kept,), timezone=timezone)
    after = oncall.owner(after_schedule, now)
    begun = edited.effective_from <= now and (edited.effective_until is None or now < edited.effective_until)
    if begun and before in edited.participants:
        assert after == before
    elif begun and before is not None:
        # Whoever came next in the old order, is still one and is still there.
        shift = oncall.on_call(case.schedule, now)[0].shift
        assert shift is not None
        order = [*layer.participants, *layer.participants]
        place = (shift + layer.offset) % len(layer.participants)
        queue = [user_id for user_id in order[place:] if user_id not in case.schedule.inactive]
        following = next((user_id for user_id in queue if user_id in edited.participants), None)
        if following is not None:
            assert after == following


def an_edit_of_nothing_moves_nothing(case: Case, layer: oncall.Rotation, now: datetime) -> None:
    kept = editing.keeping(case.schedule, layer, layer, case.schedule.timezone, now)
    after = replace(case.schedule, layers=(kept,))
    assert editing.difference(case.schedule, after, now - 28 * DAY, now + 28 * DAY) == ()


def a_difference_is_what_the_instants_say(
    before: oncall.Schedule, after: oncall.Schedule, start: datetime, end: datetime
) -> None:
    changes = editing.difference(before, after, start, end)
    edges = {start, end, *(edge for change in changes for edge in (change.start, change.end))}
    for schedule in (before, after):
        for position in oncall.positions(schedule):
            edges |= {shift.start for shift in oncall.shifts(schedule, position, start, end)}
    for left, right in pairwise(sorted(edges)):
        for at in (left, right - MOMENT):
            was, becomes = people(before, at), people(after, at)
            for position in {*oncall.positions(before), *oncall.positions(after)}:
                said = [each for each in changes if each.position == position and each.start <= at < each.end]
                loses, gains = was.get(position), becomes.get(position)
                assert [(each.loses, each.gains) for each in said] == ([] if loses == gains else [(loses, gains)])
    for one, other in pairwise(changes):
        assert (one.position, one.end) <= (other.position, other.start)
        same = (one.position, one.end, one.loses, one.gains) == (other.position, other.start, other.loses, other.gains)
        assert not same, "one stretch is told once"


def a_change_of_clocks_moves_no_handoff_wrongly(name: str, change: transitions.Transition) -> None:
    """A handoff in the middle of what is skipped or repeated, in its last minute, or just after it."""
    start, end = change.walls
    for wall in (start + (end - start) / 2, end - MINUTE, end):
        rotation = oncall.Rotation(UUID(int=1), 0, 1, wall.time(), change.at - 2 * DAY, None, PEOPLE[:5])
        schedule = oncall.Schedule(UUID(int=2), name, (rotation,))
        stop = change.at + 2 * DAY
        line = oncall.shifts(schedule, 0, rotation.effective_from, stop)
        planned = oracle.handoffs(name, rotation, stop)
        assert planned == sorted(planned)
        assert [shift.start for shift in line] == sorted(set(planned))
        near = (change.at - MOMENT, change.at, change.at + MINUTE)
        for shift in line:
            number = len([at for at in planned if at <= shift.start]) - 1
            assert shift.duty is not None
            assert shift.duty.shift == number
            assert shift.duty.user_id == PEOPLE[number % 5]
            for at in (shift.start, shift.end - MOMENT, *(at for at in near if shift.start <= at < shift.end)):
                assert oncall.on_call(schedule, at) == (shift.duty,)


def a_rotation_made_from_its_start_is_the_same(case: Case, layer: oncall.Rotation) -> None:
    """Its start is that of a shift of the first participant, and any instant in that shift says the same."""
    timezone, fresh = case.schedule.timezone, replace(layer, offset=0)
    start = editing.rotation_start(layer, timezone)
    alone = replace(case.schedule, layers=(replace(layer, effective_until=None),), overrides=(), inactive=frozenset())
    (duty,) = oncall.on_call(alone, start)
    assert duty.user_id == layer.participants[0]
    end = oncall.shifts(alone, layer.position, start, start + (layer.length_days + 3) * DAY)[0].end
    for at in (start, end - MOMENT) if len(layer.participants) > 1 else (start,):
        made = editing.starting(fresh, timezone, at)
        assert (made.offset - layer.offset) % len(layer.participants) == 0
        assert editing.rotation_start(made, timezone) == start


def a_start_before_the_rotation_counts_on_backwards(case: Case, layer: oncall.Rotation, turns: int) -> None:
    """As if it had been in force then: the shifts are found one by one, from the first date back."""
    timezone = case.schedule.timezone
    day = oracle.wall(timezone, layer.effective_from).date() - turns * layer.length_days * DAY
    at = oracle.happens(timezone, datetime.combine(day, layer.handoff_time.replace(fold=0)))
    if at < layer.effective_from:
        made = editing.starting(layer, timezone, at)
        assert (made.offset - turns) % len(layer.participants) == 0
        before = editing.starting(layer, timezone, at - MOMENT)
        assert (before.offset - turns - 1) % len(layer.participants) == 0 or layer.length_days == 1


def an_edit_leaves_the_past_as_it_was(
    before: oncall.Schedule, after: oncall.Schedule, case: Case, now: datetime
) -> None:
    """Every instant and every line is the old one's up to the edit, and the new one's from it on."""
    edited = replace(after, past=(oncall.Earlier(now, before),))
    for at in {case.start, now - MOMENT, now, case.end - MOMENT, *drawing.edges(case)}:
        assert oncall.on_call(edited, at) == oncall.on_call(before if at < now else after, at)
    for position in oncall.positions(edited):
        line = oncall.shifts(edited, position, case.start, case.end)
        old, new = oncall.shifts(before, position, case.start, now), oncall.shifts(after, position, now, case.end)
        assert line[0].start == case.start
        assert line[-1].end == case.end
        assert oncall.shifts(edited, position, now, case.end) == new, "what is over is not drawn"
        seam = [shift for shift in line if shift.start < now < shift.end]
        assert [shift for shift in line if shift not in seam] == [*old[: len(old) - len(seam)], *new[len(seam) :]]
        for shift in seam:
            assert (shift.start, shift.duty, shift.end) == (old[-1].start, old[-1].duty, new[0].end)
            assert why(old[-1]) == why(new[0])
        if not seam and old and new:
            assert why(old[-1]) != why(new[0])
    assert {*oncall.positions(before), *oncall.positions(after)} == set(oncall.positions(edited))


def why(shift: oncall.Shift) -> object:
    """Who has it, and what put them there."""
    return shift.duty and (shift.duty.user_id, shift.duty.layer_id, shift.duty.override_id)
