"""What is shown in Slack: the only place that builds messages. Limits are those of Slack's Block Kit reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from nightbell.channels.slack import text
from nightbell.core import delivery, message
from nightbell.core import standing as core
from nightbell.core.incident import effects
from nightbell.core.incident.state import State

Block = dict[str, Any]

ACKNOWLEDGE, RESOLVE, HAND_OFF, VIEW = "acknowledge", "resolve", "hand_off", "view"
TEST = "test"

HEADER_LENGTH = 150
SECTION_LENGTH = 3000
DESCRIPTION_LENGTH = 500
# What a notification shows of a page, and how many people a message calls by name: Slack refuses what is too long.
LEAD_LENGTH = 500
MENTIONED = 100
MARKS = {State.ACKNOWLEDGED: "✅", State.CLOSED: "☑️", State.EXHAUSTED: "🆘"}


@dataclass(frozen=True, slots=True)
class Said:
    """A message: what a notification shows of it, and what it looks like."""

    text: str
    blocks: list[Block]


def page(facts: message.Facts) -> Said:
    """A page, to the one who is paged."""
    headline = text.headline(facts.severity, facts.title)
    about = [_section("\n".join(_why(facts))), *_next(facts)]
    if description := message.clean(facts.description or "", DESCRIPTION_LENGTH, lines=True):
        about.append(_section(description))
    since = f"#{facts.number} · {text.said(facts.organization, 100)} · open since {text.date(facts.opened_at)}"
    owner = f"owned by {text.said(facts.owner, 100)}"
    shown = [_header(headline), *about, _context(f"{since} · {owner}")]
    told = f"{text.escape(headline)}: {text.said(message.lead(facts), LEAD_LENGTH)}"
    return Said(told, [*shown, _actions(facts.incident_id, facts.view_url, (ACKNOWLEDGE, RESOLVE, HAND_OFF))])


def notice(told: delivery.Notice) -> Said:
    """What somebody is told without being woken."""
    subject = message.clean(told.subject, HEADER_LENGTH) or "Nightbell"
    body = message.clean(told.body, SECTION_LENGTH, lines=True)
    return Said(text.escape(subject), [_header(subject), *([_section(body)] if body else [])])


def copy(shown: delivery.Copy) -> Said:
    """An incident in a place that is brought up to date."""
    mentions = " ".join(f"<@{each}>" for each in shown.people[:MENTIONED])
    why = f"You were paged. {message.why(shown.facts)}" if shown.facts else ""
    return standing(shown.standing, mentions=mentions, why=why)


def standing(now: core.Standing, *, mentions: str = "", why: str = "") -> Said:
    """An incident as it stands now, with the buttons that would change something."""
    headline = text.headline(now.severity, now.title)
    if prefix := core.prefix(now):
        headline = f"{MARKS[now.state]} {prefix} — {headline}"
    lines = core.lines(text.escaped(now), text.date)
    since = f"#{now.number} · {text.said(now.organization, 100)} · {now.status} · open since {text.date(now.opened_at)}"
    shown = [
        _header(headline),
        _section("\n".join(lines), mrkdwn=True),
        *([_section(mentions, mrkdwn=True)] if mentions else []),
        *([_context(text.escape(why))] if why else []),
        _context(f"{since} · owned by {text.said(now.owner, 100)}"),
        _actions(now.incident_id, now.view_url, _sensible(now)),
    ]
    return Said(text.escape(headline), shown)


def test(name: str, organization: str) -> Said:
    """What somebody gets who wants to see whether a page would reach them."""
    told = f"This is a test page from Nightbell for {text.said(organization, 100)}."
    asked = (
        f"{text.said(name, 100)}, a page would reach you here. Press the button: it shows that your answer arrives too."
    )
    button = _button(TEST, "Acknowledge", "test", style="primary")
    blocks = [_header("🔔 Test page"), _section(f"{told} {asked}", mrkdwn=True)]
    return Said(told, [*blocks, {"type": "actions", "elements": [button]}])


def _why(facts: message.Facts) -> list[str]:
    """What the recipient reads first. The lead of a handoff has said already who, why and who is next."""
    told = facts.reason is effects.Reason.HANDOFF
    lines = [message.lead(facts), message.late(facts), *([] if told else [message.why(facts)])]
    return [line for line in lines if line]


def _next(facts: message.Facts) -> list[Block]:
    """Who is next and when, unless the lead has said it."""
    if facts.reason is effects.Reason.HANDOFF:
        return []
    return [_section(message.next_line(text.escaped_step(facts.next_step), text.date), mrkdwn=True)]


def _sensible(now: core.Standing) -> tuple[str, ...]:
    """The buttons that would change something."""
    if now.state is State.CLOSED:
        return ()
    return (ACKNOWLEDGE, RESOLVE, HAND_OFF) if now.unanswered else (RESOLVE, HAND_OFF)


def _header(headline: str) -> Block:
    return {"type": "header", "text": plain(headline, HEADER_LENGTH)}


def _section(said: str, *, mrkdwn: bool = False) -> Block:
    return {"type": "section", "text": _mrkdwn(said) if mrkdwn else plain(said, SECTION_LENGTH)}


def _context(said: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(said)]}


def plain(said: str, length: int) -> Block:
    """Text in which nothing is mark-up and no colon makes a picture."""
    cut = said if len(said) <= length else f"{said[: length - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _mrkdwn(said: str) -> Block:
    # Verbatim: what looks like a channel, a person or an address is left as it is.
    return {"type": "mrkdwn", "text": said, "verbatim": True}


def _actions(incident_id: UUID, view_url: str, which: Sequence[str]) -> Block:
    value = str(incident_id)
    sure = {
        "title": plain("Resolve this incident?", 100),
        "text": plain("It is closed for everybody, and nobody is paged any more.", 300),
        "confirm": plain("Resolve", 30),
        "deny": plain("Cancel", 30),
        "style": "danger",
    }
    buttons = {
        ACKNOWLEDGE: _button(ACKNOWLEDGE, "Acknowledge", value, style="primary"),
        RESOLVE: _button(RESOLVE, "Resolve", value, style="danger", confirm=sure),
        HAND_OFF: _button(HAND_OFF, "Hand off", value),
        VIEW: _button(VIEW, "View Incident", value, url=view_url),
    }
    return {"type": "actions", "elements": [buttons[action] for action in (*which, VIEW)]}


def _button(action: str, label: str, value: str, **more: Any) -> Block:
    return {"type": "button", "action_id": action, "text": plain(label, 75), "value": value, **more}
