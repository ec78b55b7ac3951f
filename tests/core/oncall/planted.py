"""Planted bugs in who is on call: each has to be noticed, by the law or the case named beside it."""

from tests.core.planting import Mutant

ONCALL = "nightbell.core.oncall"
ZONES = "nightbell.core.zones"
EDITING = "nightbell.core.editing"


def bug(name: str, old: str, new: str, module: str = ONCALL) -> Mutant:
    return Mutant(name, module, old, new)


# By the law that has to notice, as it is called in `test_oncall_planted.py`.
PLANTED: dict[str, list[Mutant]] = {
    "changes of clocks": [
        bug("a skipped time is read with the offset from after the gap", ".replace(fold=0)", ".replace(fold=1)"),
        bug(
            "a number is guessed a day too low over midnight",
            "self.rotation.length_days + 1\n",
            "self.rotation.length_days\n",
        ),
        bug("a handoff is in UTC", "self.rotation.handoff_time, self.zone)", "self.rotation.handoff_time, UTC)"),
        bug(
            "a day is 24 hours",
            "        return datetime.combine(day, self.rotation.handoff_time, self.zone).replace(fold=0)"
            ".astimezone(UTC)\n",
            "        first = date.fromordinal(self.first_day)\n"
            "        at = datetime.combine(first, self.rotation.handoff_time, self.zone).astimezone(UTC)\n"
            "        return at + (day - first)\n",
        ),
        bug("the first date is UTC's", "start.astimezone(zone).toordinal()", "start.toordinal()"),
    ],
    "simulation": [
        bug(
            "a handoff belongs to whoever hands over", "self.handoff(guess) > at", "guess and self.handoff(guess) >= at"
        ),
        bug("an end is taken in", "at >= self.until", "at > self.until"),
        bug("a first instant is left out", "at < self.start or", "at <= self.start or"),
        bug("the offset of edits is forgotten", "shift + self.rotation.offset", "shift"),
        bug("somebody who left has the turn", "user_id = first_active(queue, self.inactive)", "user_id = next(queue)"),
        bug("an override of somebody who left counts", " and override.user_id not in schedule.inactive", ""),
        bug("an override starts a moment late", "override.starts_at <= at <", "override.starts_at < at <"),
        bug(
            "an override of the schedule displaces every layer",
            "(whole if rotation.position == 0 else [])",
            "whole",
        ),
        bug("an override waits for a layer", "_Line(0, None, whole, None)", "_Line(0, None, [], None)"),
        bug(
            "layers count in the order they were made",
            "sorted(schedule.layers, key=lambda each: each.position)",
            "schedule.layers",
        ),
        bug("a person is paged twice", "tuple(dict.fromkeys(duty.user_id for", "tuple(list(duty.user_id for"),
        bug(
            "the owner is of the last layer",
            "for duty in on_call(schedule, at)), None)",
            "for duty in on_call(schedule, at)[::-1]), None)",
        ),
    ],
    "tiling": [
        bug("an override is drawn a moment long", "at < override.ends_at:", "at <= override.ends_at:"),
        bug("the end of an override is no edge", "        yield utc(override.ends_at)\n", ""),
        bug("the start of an override is no edge", "        yield utc(override.starts_at)\n", ""),
        bug("the end of a layer is no edge", "        yield last\n", ""),
        bug("every second handoff is no edge", "            shift += 1\n", "            shift += 2\n"),
        bug("what is the same is drawn twice", "if drawn and drawn[-1].duty == duty:", "if not edges:"),
        bug(
            "two shifts of a person are drawn as one",
            "drawn[-1].duty == duty:",
            "(drawn[-1].duty and drawn[-1].duty.user_id) == (duty and duty.user_id):",
        ),
        bug(
            "the final line is the last layer's", "for line in lines if (duty :=", "for line in lines[::-1] if (duty :="
        ),
        bug(
            "a stretch that ends before it starts is drawn",
            "    if since < end:\n        yield schedule",
            "    if end:\n        yield schedule",
        ),
        bug("every line is the first's", "if line.position == position]", "if line.position == 0]"),
        bug("shifts of one piece are joined", "if last and shift is piece[0] and", "if last and"),
    ],
    "joining": [
        bug(
            "a line starts at the handoff before it",
            "edges = sorted(between | {start, end})",
            "edges = sorted(between | {max([e for line in lines if line.turns for e in line.turns.handoffs(start, end)"
            " if e <= start], default=start), end})",
        ),
    ],
    "zones of instants": [bug("the zone of an instant counts", "return at.astimezone(UTC)", "return at")],
    "fairness": [
        bug(
            "the last participant is passed over", "count = len(participants)", "count = max(len(participants) - 1, 1)"
        ),
        bug("a person has two shifts in a row", "shift + self.rotation.offset", "shift // 2 + self.rotation.offset"),
    ],
    "keeping": [
        bug("an edit counts from the old shift", "(place - new_shift)", "(place - shift)", EDITING),
        bug("an edit forgets earlier edits", "shift + rotation.offset)", "shift)", EDITING),
        bug(
            "whoever is first takes over from somebody removed",
            "for user_id in queue if user_id in edited.participants",
            "for user_id in edited.participants if user_id in rotation.participants",
            EDITING,
        ),
        bug("an edit keeps nobody", "    for user_id in staying:\n", "    for user_id in ():\n", EDITING),
    ],
    "difference": [
        bug(
            "who gains loses",
            "Change(left, right, position, loser, gainer)",
            "Change(left, right, position, gainer, loser)",
            EDITING,
        ),
        bug("one stretch is told shift by shift", "if last and (last.end,", "if not old and (last.end,", EDITING),
        bug(
            "a layer that goes is not told",
            "{*oncall.positions(before), *oncall.positions(after)}",
            "{*oncall.positions(after)}",
            EDITING,
        ),
        bug(
            "a layer that comes is not told",
            "{*oncall.positions(before), *oncall.positions(after)}",
            "{*oncall.positions(before)}",
            EDITING,
        ),
        bug(
            "a stretch is told to the end of its shift",
            "end = min(one.end, other.end)\n        yield max(one.start, other.start), end,",
            "end = min(one.end, other.end)\n        yield max(one.start, other.start), one.end,",
            EDITING,
        ),
        bug(
            "a stretch is told from the start of its shift",
            "yield max(one.start, other.start),",
            "yield one.start,",
            EDITING,
        ),
    ],
    "rotation start": [
        bug(
            "the first shift says whose turn it is",
            "handoff(-rotation.offset %",
            "handoff(0 * rotation.offset %",
            EDITING,
        ),
        bug("the turns are counted backwards", "handoff(-rotation.offset %", "handoff(rotation.offset %", EDITING),
        bug("a start is in the next shift", "offset=-shift %", "offset=(-shift - 1) %", EDITING),
        bug(
            "before the start every shift is the first",
            "        if at >= self.start:\n",
            "        at = max(at, self.start)\n        if at:\n",
        ),
        bug("a start on the first date is before it", "shift = min(self._dates(at), 0)", "shift = -1"),
        bug("a start is read by dates alone", "        while self._planned(shift) > at:\n", "        while False:\n"),
    ],
    "the past": [
        bug("an edit rewrites the past", "if instant < each.until), schedule)", "if not instant), schedule)"),
        bug(
            "an edit takes effect a moment late",
            "if instant < each.until), schedule)",
            "if instant <= each.until), schedule)",
        ),
        bug("the past is drawn as the present", "yield each.schedule, since, until", "yield schedule, since, until"),
        bug("the past goes on", "            since = until\n", ""),
        bug(
            "the present is not drawn after the past",
            "    if since < end:\n        yield schedule",
            "    if not schedule.past:\n        yield schedule",
        ),
        bug("an edit cuts every shift", "_is_same(last.duty, shift.duty)", "last is shift"),
        bug(
            "another reason is the same shift",
            "one.override_id) == (other.user_id, other.layer_id, other.override_id)",
            "None) == (other.user_id, other.layer_id, None)",
        ),
        bug(
            "a line that an edit took is not drawn",
            "everything = (schedule, *(each.schedule for each in schedule.past))",
            "everything = (schedule,)",
        ),
    ],
    "named cases": [
        bug(
            "an override of the layer comes before the schedule's",
            "(whole if rotation.position == 0 else []) + scopes.get(rotation.id, [])",
            "scopes.get(rotation.id, []) + (whole if rotation.position == 0 else [])",
        ),
        bug(
            "an edit gives the turn of somebody who left away",
            "    for user_id in staying:\n",
            "    for user_id in (each for each in staying if each == keeper):\n",
            EDITING,
        ),
        bug(
            "an edit keeps somebody who left",
            "oncall.first_active(staying, before.inactive)",
            "next(iter(staying), None)",
            EDITING,
        ),
        bug(
            "an edit counts in the old zone", "turns_of(edited, timezone,", "turns_of(edited, before.timezone,", EDITING
        ),
        bug("the fold of a handoff time counts", ".replace(fold=0)", ""),
        bug(
            "a shift starts before the first",
            "return max(self._planned(shift), self.start)",
            "return self._planned(shift)",
        ),
        bug("an instant without a zone is read by the machine's", "if at.utcoffset() is None:", "if not at:"),
        bug("the work grows with time", "self.rotation.length_days + 1\n", "self.rotation.length_days + 99\n"),
    ],
    "names of zones": [
        bug("a hostile name reaches a file", "if name not in names():", "if not name:", ZONES),
        bug("a name that is too long is repeated", "name[:_SHOWN]!r", "name!r", ZONES),
    ],
}
