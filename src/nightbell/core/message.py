"""What a page says, whatever the channel."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from nightbell.core import instants
from nightbell.core.incident import paging
from nightbell.core.incident.effects import Reason
from nightbell.core.incident.state import Cause, Incident, Severity, Status


@dataclass(frozen=True, slots=True)
class NextStep:
    """Who is paged if nobody answers by `at`: the names of a layer's people, or of the fallback responders.

    `again`: they are those who are waited for already; `then` is the step at which somebody else is paged after that,
    None where nobody else ever is.
    """

    at: datetime
    names: tuple[str, ...]
    fallback: bool
    again: bool = False
    then: "NextStep | None" = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """How a schedule put the recipient on call: its name, the rotation (`weekly rotation`) and the override, if any."""

    schedule: str | None = None
    rotation: str | None = None
    override_by: str | None = None
    override_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(OnCall):
    """What the database knows of a page. Title, description and note come from outside and are hostile.

    `position` is 0 where no layer was paged; `timezone` is the recipient's IANA zone; `handed_off_by` and `note` are
    set for a handoff.
    """

    incident_id: UUID
    organization: str
    number: int
    title: str
    description: str | None
    severity: Severity
    status: Status
    opened_at: datetime
    owner: str
    recipient: str
    timezone: str
    reason: Reason
    cause: Cause | None
    late_seconds: int
    handed_off_by: str | None
    note: str | None
    policy_name: str | None
    position: int
    layer_count: int
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Known):
    """Everything a page may say; `next_step` is None where nobody else will be paged."""

    next_step: NextStep | None
    acknowledge_url: str
    view_url: str


def facts(known: Known, next_step: NextStep | None, acknowledge_url: str, view_url: str) -> Facts:
    """What is known, with who is next and the links."""
    kept = {each.name: getattr(known, each.name) for each in fields(known)}
    return Facts(**kept, next_step=next_step, acknowledge_url=acknowledge_url, view_url=view_url)


MAX_NAMES = 3
NO_TITLE = "(no title)"
NOBODY_ELSE = "Nobody else will be paged."
LATE_AFTER_SECONDS = 60
LATE_BY_DAYS_SECONDS = 2 * 86_400


def subject(facts: Facts) -> str:
    """The one line that says it all: `[#42] CRITICAL DB pool exhausted`. The same for every page of an incident."""
    return f"[#{facts.number}] {facts.severity.upper()} {title(facts)}"


def title(facts: Facts) -> str:
    """The title in one clean line; never empty."""
    return titled(facts.title)


def titled(text: str) -> str:
    """Any incident's title in one clean line; never empty."""
    return clean(text, 200) or NO_TITLE


def lead(facts: Facts) -> str:
    """What comes first. A handoff leads with who handed it over, the note, and how long there is to answer."""
    if facts.reason is Reason.HANDOFF:
        note = clean(facts.note or "", 1000)
        said = f": “{note}”" if note else ""
        stop = "" if note.endswith((".", "!", "?", "…")) else "."
        return f"{_giver(facts)} handed this incident to you{said}{stop} {_answer_by(facts)}"
    if facts.reason is Reason.FALLBACK:
        return "You are paged as the last resort."
    return "You are paged."


def why(facts: Facts) -> str:
    """Why this person is paged, in words, from the record alone."""
    match facts.reason:
        case Reason.HANDOFF:
            return f"{_giver(facts)} handed this incident to you."
        case Reason.FALLBACK:
            return _why_fallback(facts.cause)
        case Reason.OWNER:
            layer = f" {_layer(facts)}{_because(facts.cause)}." if facts.position else ""
            return f"You own this incident.{layer}"
        case Reason.LAYER:
            return f"{_layer(facts)}{_on_call(facts)}{_because(facts.cause)}."
        case _:
            assert_never(facts.reason)


def since(facts: Facts) -> str:
    """Since when it is broken: `Open since Mon 23 Nov 2026, 02:14 (Europe/Berlin)`."""
    return f"Open since {instants.dated(facts.opened_at, facts.timezone)}"


def late(facts: Facts) -> str | None:
    """How late the page is, from a minute on; None before."""
    if facts.late_seconds < LATE_AFTER_SECONDS:
        return None
    return f"This page is {_lateness(facts.late_seconds)} late."


def _lateness(seconds: int) -> str:
    if seconds >= LATE_BY_DAYS_SECONDS:
        return f"{seconds // 86_400} days"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def step(ahead: paging.Ahead) -> NextStep:
    """What a message says of what is ahead."""
    then = _at_stop(*ahead.then) if ahead.then else None
    return replace(_at_stop(ahead.at, ahead.stop), again=ahead.again, then=then)


def _at_stop(at: datetime, stop: paging.Stop) -> NextStep:
    return NextStep(at, tuple(member.name for member, _ in stop.group), fallback=stop.layer is None)


def next_step(facts: Facts) -> str:
    """Who is paged next and when, or that nobody is."""
    return next_line(facts.next_step, lambda at: _instant(facts, at))


def next_line(step: NextStep | None, say: instants.Say) -> str:
    """The same, where an instant is said otherwise."""
    if step is None:
        return NOBODY_ELSE
    who, verb = people(step)
    if not step.again:
        return f"{who} {verb} paged at {say(step.at)} unless someone acknowledges."
    again = f"{who} {verb} paged again at {say(step.at)}"
    if step.then is None:
        return f"{again} unless someone acknowledges. {NOBODY_ELSE}"
    return f"{again}, and {_in_a_sentence(step.then)} at {say(step.then.at)}, unless someone acknowledges."


def handing(incident: Incident) -> str:
    """What will happen if this incident is handed to somebody, whoever that is."""
    if incident.policy is None or not incident.layer_count:
        return "Whoever you choose owns it and is paged now. Nobody else will be: there is no layer to go on with."
    timeout = instants.span(incident.policy.ack_timeout(incident.position))
    return (
        f"Whoever you choose owns it and is paged now. If they do not answer in {timeout}, paging goes on from there."
    )


def people(step: NextStep) -> tuple[str, str]:
    """The people of a step and the verb that agrees with them."""
    if not step.names:
        return ("The fallback responders", "are") if step.fallback else ("The next layer", "is")
    return listed(step.names) + (" (fallback)" if step.fallback else ""), "is" if len(step.names) == 1 else "are"


def listed(names: Iterable[str], most: int = MAX_NAMES, rest: str = "others") -> str:
    """`Ana, Bo and Cy`; of more than `most` the first few, and how many there are in the `rest`."""
    cleaned = [clean(name, 100) for name in names]
    if len(cleaned) > most:
        cleaned = [*cleaned[: most - 1], f"{len(cleaned) - most + 1} {rest}"]
    return " and ".join(filter(None, (", ".join(cleaned[:-1]), "".join(cleaned[-1:]))))


def clean(text: str, length: int, *, lines: bool = False) -> str:
    """Text from outside, made safe to show: at most `length` characters, in one line unless `lines`.

    Control characters, bidi overrides and isolates and other invisible characters go; what would decode to something
    else in a mail header (an RFC 2047 encoded word) is broken up, so that it stays the text it looks like.
    """
    visible = text.translate(_DROPPED)
    if lines:
        # Every kind of line end becomes "\n": what is measured, folded or quoted later sees the lines a reader sees.
        visible = "\n".join(" ".join(line.split("\t")).rstrip() for line in visible.splitlines()).strip("\n")
    else:
        visible = " ".join(visible.split())
    visible = _ENCODED_WORD.sub("= ?", visible)
    return visible if len(visible) <= length else visible[: length - 1].rstrip() + "…"


# What text from outside must not contain. Line ends and tabs are dealt with by `clean` itself; zero-width joiners stay,
# because scripts and emoji need them.
_DROPPED: dict[int, None] = dict.fromkeys(
    code
    for first, last in (
        (0x00, 0x08),  # controls, up to the tab
        (0x0E, 0x1B),
        (0x1F, 0x1F),
        (0x7F, 0x84),
        (0x86, 0x9F),
        (0xAD, 0xAD),  # soft hyphen
        (0x061C, 0x061C),  # bidi marks
        (0x180E, 0x180E),
        (0x200B, 0x200B),  # zero-width space
        (0x200E, 0x200F),
        (0x202A, 0x202E),  # bidi embeddings and overrides
        (0x2060, 0x206F),  # bidi isolates and invisible operators
        (0xD800, 0xDFFF),  # lone surrogates cannot be encoded
        (0xFEFF, 0xFEFF),
        (0xFFF9, 0xFFFB),
        (0xE0000, 0xE007F),  # tags
    )
    for code in range(first, last + 1)
)
_ENCODED_WORD = re.compile(r"=\?(?=[^?]*\?[bq]\?)", re.IGNORECASE)


def _giver(facts: Facts) -> str:
    """Who handed the incident over."""
    return clean(facts.handed_off_by or "", 100) or "Nightbell"


def _answer_by(facts: Facts) -> str:
    """How long there is to answer, and what follows."""
    step = facts.next_step
    if step is None:
        return NOBODY_ELSE
    other = step.then if step.again else step
    who, verb = people(step)
    if other is None:
        return f"Answer by {_instant(facts, step.at)} or {_in_a_sentence(step)} {verb} paged again. {NOBODY_ELSE}"
    by = f"Answer by {_instant(facts, other.at)} or {_in_a_sentence(other)} {people(other)[1]} paged."
    return f"{by} Before that {who} {verb} paged again at {_instant(facts, step.at)}." if step.again else by


def _in_a_sentence(step: NextStep) -> str:
    """Its people, where they do not begin a sentence."""
    who, _ = people(step)
    return who if step.names else who[0].lower() + who[1:]


def _layer(facts: Facts) -> str:
    """Where in the policy the page comes from."""
    of_policy = f" of {clean(facts.policy_name, 100)}" if facts.policy_name else ""
    round_ = f", round {facts.round}" if facts.round > 1 else ""
    return f"Layer {facts.position} of {facts.layer_count}{of_policy}{round_}"


def _on_call(facts: Facts) -> str:
    """How a schedule put somebody on call: ` → Platform on-call → weekly rotation (override by Bo until 18:00 …)`."""
    if facts.schedule is None:
        return ""
    turn = f" → {facts.rotation}" if facts.rotation else ""
    until = f" until {_instant(facts, facts.override_until)}" if facts.override_until else ""
    override = f" (override by {clean(facts.override_by, 100)}{until})" if facts.override_by else ""
    return f" → {clean(facts.schedule, 100)}{turn}{override}"


def _because(cause: Cause | None) -> str:
    """What made paging move on to here; nothing to say where it only began."""
    match cause:
        case Cause.TIMEOUT:
            return ": nobody answered in time"
        case Cause.UNREACHABLE:
            return ": nobody paged before could be reached"
        case Cause.ESCALATED:
            return ": it was escalated by hand"
        case Cause.REMOVED:
            return ": the owner left the organization"
        case Cause.OPENED | None:
            return ""
        case _:
            assert_never(cause)


def _why_fallback(cause: Cause | None) -> str:
    """Why the last resort is woken."""
    match cause:
        case Cause.UNREACHABLE:
            return "Nobody could be reached: the fallback responders are paged."
        case Cause.OPENED:
            return "No layer had anybody to page: the fallback responders are paged."
        case _:
            return "Nobody answered: the fallback responders are paged."


def _instant(facts: Facts, at: datetime) -> str:
    """An instant for this recipient; with its day where that is not the day the incident opened."""
    return instants.said(at, facts.timezone, known=facts.opened_at)
