"""What `/nightbell …` does: one function a word; the answer is for whoever typed it, and for nobody else."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse, QueryDict

from nightbell.actions import incidents as actions
from nightbell.actions import signed_links
from nightbell.channels.slack import blocks, text
from nightbell.core import message, standing
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import state
from nightbell.data import clock
from nightbell.data.access.principal import Principal
from nightbell.data.reads import copies, directory, incidents, on_call
from nightbell.inbound import door
from nightbell.inbound.slack import entry, opening, outcomes, replies, users

LISTED = 10
HELP = """\
`/nightbell oncall [schedule]`  who is on call, and who is next
`/nightbell list`  what is open
`/nightbell show 42`  how an incident stands
`/nightbell ack 42`  I am on it
`/nightbell handoff 42 @somebody [note]`  not me, them
`/nightbell resolve 42`  it is over
`/nightbell new`  open an incident"""
# As Slack writes a person into a command: `<@U024BE7LH>`, or with a name after a bar.
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


class Misunderstood(Exception):  # noqa: N818 -- an answer, not a fault
    """A command that cannot be done as it was typed; the message says how it would be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who typed what, and by what a form can be opened or an answer given later."""

    principal: Principal
    team_id: str
    rest: str
    trigger_id: str
    response_url: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in Slack's mark-up, and what it looks like, where that is more than its text."""

    text: str
    shown: list[blocks.Block] | None = None


@entry.signed
def receive(form: QueryDict) -> HttpResponse:
    """One command."""
    told = door.timely(partial(_told, form), lambda late: _late(form, late))
    if told is None or not told.text:
        return HttpResponse()
    answer: dict[str, Any] = {"response_type": "ephemeral", "text": told.text}
    return JsonResponse({**answer, "blocks": told.shown} if told.shown else answer)


def _late(form: QueryDict, told: Told) -> None:
    if told.text:
        replies.in_markup(form.get("response_url", ""), told.text)


def _told(form: QueryDict) -> Told:
    """The answer, whatever becomes of the command."""
    word, _, rest = form.get("text", "").strip().partition(" ")
    act = _WORDS.get(word.lower())
    if act is None:
        known = not word or word.lower() == "help"
        return Told(HELP if known else f"There is no `{text.said(word, 30).replace('`', '')}`. There is:\n{HELP}")
    team_id, user_id = form.get("team_id", ""), form.get("user_id", "")
    try:
        principal = users.member(users.Somebody(team_id, user_id, team_id))
        asked = Asked(principal, team_id, rest.strip(), form.get("trigger_id", ""), form.get("response_url", ""))
        return act(asked)
    except (users.CannotAct, Misunderstood) as why:
        return Told(text.escape(str(why)))
    except Rejected as refusal:
        return Told(text.escape(refusal.in_words))
    except door.LOST_DATABASE:
        return Told(door.NOT_CONFIRMED)


def _oncall(asked: Asked) -> Told:
    """Who is on call on every schedule, or on those whose name has these words."""
    wanted = asked.rest.lower()
    everywhere = on_call.everywhere(asked.principal, clock.now())
    found = [(each, resolved) for each, resolved in everywhere if wanted in each.name.lower()]
    if not found:
        return Told(
            f"There is no schedule like {text.said(asked.rest, 100)}." if wanted else "There is no schedule yet."
        )
    return Told("\n".join(_duty(each.name, resolved) for each, resolved in found))


def _duty(schedule: str, resolved: on_call.Resolved) -> str:
    name = f"*{text.said(schedule, 100)}*"
    if not resolved.paging_targets:
        return f"{name}: nobody is on call"
    on = ", ".join(f"{text.said(each.name, 100)} until {text.date(each.until)}" for each in resolved.paging_targets)
    return f"{name}: {on}"


def _list(asked: Asked) -> Told:
    """What is open, newest first."""
    found, more = incidents.listed(asked.principal, incidents.Filters(is_open=True), LISTED, None)
    if not found:
        return Told("All quiet: nothing is open.")
    lines = [_row(view) for view in found]
    if more:
        lines.append(f"<{signed_links.home_url()}|There is more>")
    return Told("\n".join(lines))


def _row(view: incidents.IncidentView) -> str:
    link = f"<{signed_links.incident_url(view.number)}|#{view.number}>"
    by = view.incident.acknowledged_by
    stands = (
        f"{text.said(by.name, 100)} is on it" if by else "held" if view.incident.held else view.incident.state.value
    )
    headline = text.escape(text.headline(view.severity, view.title))
    return f"{link} {headline} · {stands} · {text.said(view.owner.name, 100)}"


def _show(asked: Asked) -> Told:
    """How an incident stands, with its buttons."""
    view = incidents.one(asked.principal, _number(asked, "show 42")[0])
    if view is None:
        raise Rejected(Code.NOT_FOUND, "There is no such incident.")
    shown = blocks.standing(_standing(asked.principal, view))
    return Told(shown.text, shown.blocks)


def _standing(principal: Principal, view: incidents.IncidentView) -> standing.Standing:
    return copies.of(incidents.foreseen(view), directory.name(principal), signed_links.incident_url(view.number))


def _ack(asked: Asked) -> Told:
    """I am on it."""
    view = actions.acknowledge(asked.principal, _number(asked, "ack 42")[0])
    return Told(text.escape(outcomes.acknowledged(view, asked.principal)))


def _handoff(asked: Asked) -> Told:
    """Not me, them."""
    usage = "handoff 42 @somebody"
    number, rest = _number(asked, usage)
    mention = MENTION.match(rest)
    if mention is None:
        raise Misunderstood(f"To whom? Type it like this: /nightbell {usage}")
    target = users.account(asked.team_id, mention[1]) or _found(asked, mention[1])
    note = message.clean(rest[mention.end() :], state.MAX_NOTE)
    return Told(text.escape(outcomes.handed_off(actions.hand_off(asked.principal, number, target, note or None))))


def _found(asked: Asked, user_id: str) -> UUID | None:
    """Somebody Nightbell has not met in Slack yet: found by their address, as if they had clicked."""
    try:
        return users.member(users.Somebody(asked.team_id, user_id, asked.team_id)).actor.user_id
    except users.CannotAct:
        return None


def _resolve(asked: Asked) -> Told:
    """It is over."""
    return Told(text.escape(outcomes.resolved(actions.resolve(asked.principal, _number(asked, "resolve 42")[0]))))


def _new(asked: Asked) -> Told:
    """The form that opens an incident."""
    return Told(opening.offer(asked.principal, asked.trigger_id, asked.response_url))


_WORDS: dict[str, Callable[[Asked], Told]] = {
    "oncall": _oncall,
    "list": _list,
    "show": _show,
    "ack": _ack,
    "handoff": _handoff,
    "resolve": _resolve,
    "new": _new,
}


def _number(asked: Asked, usage: str) -> tuple[int, str]:
    """The incident's number and what follows it."""
    first, _, rest = asked.rest.partition(" ")
    number = state.number_in(first.removeprefix("#"))
    if number is None:
        raise Misunderstood(f"Which incident? Type its number, like this: /nightbell {usage}")
    return number, rest.strip()
