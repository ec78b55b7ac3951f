"""What a notice says. A notice tells somebody something and wakes nobody."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from nightbell.core import instants


class Kind(StrEnum):
    """What a notice is about."""

    OWNER_DISPLACED = "owner_displaced"
    ACKNOWLEDGER_DISPLACED = "acknowledger_displaced"
    ACKNOWLEDGED = "acknowledged"
    SHIFT_LOST = "shift_lost"
    SHIFT_TAKEN = "shift_taken"
    COVERAGE_GAPS = "coverage_gaps"
    ACCESS_LOST = "slack_lost"
    CHANNEL_REFUSED = "channel_refused"
    FORGOTTEN_PASSWORD = "forgotten_password"  # noqa: S105 -- what the notice is about


@dataclass(frozen=True, slots=True)
class TookOver:
    """An incident the reader had is somebody else's now."""

    kind: Kind
    number: int
    title: str
    by: str
    new_owner: str
    url: str


@dataclass(frozen=True, slots=True)
class IsOnIt:
    """Somebody else acknowledged an incident that the reader was paged for."""

    number: int
    title: str
    by: str
    url: str


@dataclass(frozen=True, slots=True)
class ShiftMoved:
    """Hours on call went from the reader or to them."""

    kind: Kind
    schedule: str
    by: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    url: str


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Hours in which nobody is on call, by the name of the schedule."""

    gaps: tuple[tuple[str, datetime, datetime], ...]
    timezone: str
    url: str


@dataclass(frozen=True, slots=True)
class AccessLost:
    """A channel lets Nightbell in no longer, and so nobody is reached in this workspace; `because` is its own word."""

    channel: str
    team: str
    because: str
    url: str


@dataclass(frozen=True, slots=True)
class ChannelRefused:
    """Everybody is refused on a channel in the same words, `because`: the fault is the installation's."""

    channel: str
    because: str


@dataclass(frozen=True, slots=True)
class ForgottenPassword:
    """Somebody asked for a way in by this address; `url` is it, once."""

    email: str
    url: str


Told = TookOver | IsOnIt | ShiftMoved | Uncovered | AccessLost | ChannelRefused | ForgottenPassword


def say(told: Told) -> tuple[str, str]:
    """The subject and the text. Titles and names come from outside; the channel cleans them."""
    match told:
        case TookOver():
            return _took_over(told)
        case IsOnIt():
            return _is_on_it(told)
        case ShiftMoved():
            return _shift_moved(told)
        case Uncovered():
            return _uncovered(told)
        case AccessLost():
            return _access_lost(told)
        case ChannelRefused():
            return _channel_refused(told)
        case ForgottenPassword():
            return _forgotten_password(told)
        case _:
            assert_never(told)


def _took_over(told: TookOver) -> tuple[str, str]:
    lost = "its owner" if told.kind is Kind.OWNER_DISPLACED else "the one who is on it"
    subject = f"[#{told.number}] {told.new_owner} took over: {told.title}"
    body = (
        f"{told.by} handed incident #{told.number}, {told.title}, to {told.new_owner}. "
        f"You are no longer {lost}, and nothing is asked of you.\n\n{told.url}\n"
    )
    return subject, body


def _is_on_it(told: IsOnIt) -> tuple[str, str]:
    subject = f"[#{told.number}] {told.by} is on it: {told.title}"
    body = (
        f"{told.by} acknowledged incident #{told.number}, {told.title}, which you were paged for. "
        f"Escalation stopped, and nothing is asked of you.\n\n{told.url}\n"
    )
    return subject, body


def _shift_moved(told: ShiftMoved) -> tuple[str, str]:
    start, end = instants.said(told.starts_at, told.timezone), instants.said(told.ends_at, told.timezone)
    if told.kind is Kind.SHIFT_TAKEN:
        subject, change = f"You are on call: {told.schedule}", "You are on call"
    else:
        subject, change = f"Somebody else is on call: {told.schedule}", "Somebody else is on call instead of you"
    return subject, f"{told.by} changed {told.schedule}. {change} from {start} until {end}.\n\n{told.url}\n"


def _uncovered(told: Uncovered) -> tuple[str, str]:
    lines = (
        f"- {name}: from {instants.said(start, told.timezone)} until {instants.said(end, told.timezone)}"
        for name, start, end in told.gaps
    )
    listed = "\n".join(lines)
    subject = "Nobody is on call at some hours of the next two weeks"
    body = "In these hours nobody is on call, and a layer that pages one of these schedules is skipped:\n\n"
    return subject, f"{body}{listed}\n\n{told.url}\n"


def _access_lost(told: AccessLost) -> tuple[str, str]:
    subject = f"{told.channel} no longer lets Nightbell in: {told.team}"
    body = (
        f"Nightbell can no longer page anybody in the {told.channel} workspace {told.team}; {told.channel} says: "
        f"{told.because}. Everybody is still paged by mail. An admin can connect the workspace again:\n\n{told.url}\n"
    )
    return subject, body


def _channel_refused(told: ChannelRefused) -> tuple[str, str]:
    subject = f"Nobody can be paged by {told.channel}: everybody is refused"
    body = (
        f"Everybody who was to be paged by {told.channel} was refused in the same words, so that the fault is this "
        f"installation's or its provider's: {told.because}\n\n"
        "These pages wait and are tried again. `nightbell check` on the machine that runs Nightbell says more.\n"
    )
    return subject, body


def _forgotten_password(told: ForgottenPassword) -> tuple[str, str]:
    subject = "Set a new Nightbell password"
    body = (
        f"Somebody, probably you, asked to set a new password for {told.email} on Nightbell. This link works once:\n\n"
        f"{told.url}\n\nIf it was not you, there is nothing to do.\n"
    )
    return subject, body
