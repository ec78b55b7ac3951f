"""Slack as a channel: direct messages that page somebody, and copies of an incident that say how it stands."""

import random
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast, final

from django.utils.text import slugify

from nightbell.channels.base import Channel, Hold, Parcel
from nightbell.channels.slack import blocks
from nightbell.channels.slack.buckets import POST, Buckets, Priority
from nightbell.channels.slack.client import Client, Failed
from nightbell.core import delivery, message

MAX_CHANNEL_NAME = 80
# How often another name is tried for a channel whose name is taken.
NAMES_TRIED = 5
_STEPS = (2, 5, 15, 30, 60, 120)


@final
class SlackChannel(Channel):
    """One sender's way into any workspace; an address is `<workspace>/<user, mail address or channel>`."""

    name = "slack"

    def __init__(self, api_url: str, buckets: Buckets) -> None:
        self._api_url = api_url
        self._buckets = buckets

    @property
    def backoff(self) -> tuple[timedelta, ...]:
        """With jitter, so that what failed together is not tried again together."""
        return tuple(timedelta(seconds=step * random.uniform(0.75, 1.25)) for step in _STEPS)  # noqa: S311

    def _send(self, parcel: Parcel, hold: Hold) -> delivery.Outcome:
        team_id, _, place = parcel.address.partition("/")
        slack = Client(self._api_url, self._buckets, team_id, parcel.credential, hold)
        try:
            if isinstance(parcel, delivery.Page):
                return _page(slack, hold, parcel, team_id, place)
            if isinstance(parcel, delivery.Notice):
                return _tell(slack, hold, parcel, team_id, place)
            return _show(slack, parcel, place)
        except Failed as failed:
            return failed.outcome

    def close(self) -> None:
        """Nothing is kept between parcels."""


def person(slack: Client, email: str, priority: Priority = Priority.PAGE) -> str | None:
    """The id of that user, or None. Raises Failed."""
    user = look_up(slack, email, priority)
    return str(user["id"]) if user else None


def look_up(slack: Client, email: str, priority: Priority = Priority.PAGE) -> Mapping[str, Any] | None:
    """The user with this address, if it is somebody of this workspace itself who can be paged. Raises Failed."""
    try:
        user = slack.call("users.lookupByEmail", priority, email=email)["user"]
    except Failed as failed:
        if failed.error == "users_not_found":
            return None
        raise
    return None if outsider(user) else cast(Mapping[str, Any], user)


def look_at(slack: Client, user_id: str, priority: Priority = Priority.PAGE) -> Mapping[str, Any] | None:
    """The user with this id, if it is still somebody of this workspace itself who can be paged. Raises Failed."""
    user = slack.call("users.info", priority, user=user_id)["user"]
    return None if outsider(user) else cast(Mapping[str, Any], user)


def outsider(user: Mapping[str, Any]) -> str | None:
    """Why this user is nobody of the workspace itself: a guest, from another workspace, a program, gone."""
    for flag, why in _OUTSIDERS.items():
        if user.get(flag):
            return why
    return None


_OUTSIDERS = {
    "deleted": "switched off",
    "is_bot": "a program",
    "is_stranger": "from another workspace",
    "is_ultra_restricted": "a guest",
    "is_restricted": "a guest",
}


def _page(slack: Client, hold: Hold, page: delivery.Page, team_id: str, place: str) -> delivery.Outcome:
    """A direct message that pages somebody."""
    metadata = {"event_type": "nightbell_page", "event_payload": {"page_id": str(page.id)}}
    return _direct(slack, hold, team_id, place, blocks.page(page.facts), Priority.PAGE, metadata)


def _tell(slack: Client, hold: Hold, told: delivery.Notice, team_id: str, place: str) -> delivery.Outcome:
    """A direct message that wakes nobody."""
    metadata = {"event_type": "nightbell_notice", "event_payload": {"notice_id": str(told.id)}}
    return _direct(slack, hold, team_id, place, blocks.notice(told), Priority.NOTICE, metadata)


def _direct(
    slack: Client,
    hold: Hold,
    team_id: str,
    place: str,
    said: blocks.Said,
    priority: Priority,
    metadata: Mapping[str, Any],
) -> delivery.Outcome:
    """A direct message; somebody known by their address only is looked up first, and that may take a while."""
    found: str | None = place
    looked_up = "@" in place
    if looked_up:
        found = person(slack, place, priority)
        if found is None:
            return delivery.Refused(f"Slack knows nobody by {message.clean(place, 100)}", absent_from=team_id)
        if (reason := hold.why_not()) is not None:
            return delivery.Withdrawn(reason)
    assert found is not None
    given = {"metadata": metadata, "unfurl_links": False, "unfurl_media": False}
    posted = slack.call(POST, priority, channel=found, text=said.text, blocks=said.blocks, **given)
    return delivery.Accepted(f"{posted['channel']}/{posted['ts']}", (team_id, found) if looked_up else None, stays=True)


def _show(slack: Client, copy: delivery.Copy, channel_id: str) -> delivery.Outcome:
    """Bring one place up to date: make its channel, or post in it, or edit what was posted."""
    if not channel_id:
        return delivery.Accepted(f"{_make_channel(slack, copy)}/")
    if copy.people:
        copy = replace(copy, people=_present(slack, copy.people))
        _invite(slack, channel_id, copy.people, Priority.EDIT if copy.message_id else Priority.NOTICE)
    said = blocks.copy(copy)
    if copy.message_id is None:
        metadata = {"event_type": "nightbell_incident", "event_payload": {"copy_id": str(copy.id)}}
        given = {"metadata": metadata, "unfurl_links": False, "unfurl_media": False}
        posted = slack.call(POST, Priority.NOTICE, channel=channel_id, text=said.text, blocks=said.blocks, **given)
        message_id = str(posted["ts"])
    else:
        message_id = copy.message_id
        slack.call("chat.update", Priority.EDIT, channel=channel_id, ts=message_id, text=said.text, blocks=said.blocks)
    if copy.archive:
        _allowing({"already_archived"}, slack, "conversations.archive", Priority.EDIT, channel=channel_id)
    return delivery.Accepted(f"{channel_id}/{message_id}")


def _make_channel(slack: Client, copy: delivery.Copy) -> str:
    """The id of the incident's own channel, `inc-42-db-pool-exhausted`, under the first name that is free."""
    stem = f"inc-{copy.standing.number}-{slugify(copy.standing.title)}".strip("-")
    for suffix in ("", *(f"-{number}" for number in range(2, NAMES_TRIED))):
        name = stem[: MAX_CHANNEL_NAME - len(suffix)].rstrip("-_") + suffix
        # Another name does not wait: whoever waits begins at the first again, and would never come to the next.
        priority = Priority.PAGE if suffix else Priority.NOTICE
        try:
            return str(slack.call("conversations.create", priority, name=name)["channel"]["id"])
        except Failed as failed:
            if failed.error != "name_taken":
                raise
    raise Failed(delivery.Refused("name_taken"), "name_taken")


def _present(slack: Client, people: Sequence[str]) -> tuple[str, ...]:
    """The users among these, by their ids.

    Who is not in the workspace is left out, and so is, until there is more to show, whoever cannot be looked up now.
    """
    found: dict[str | None, None] = {}
    for each in people:
        try:
            found[person(slack, each, Priority.EDIT) if "@" in each else each] = None
        except Failed as failed:
            # Not waited for: whoever waits begins at the first again, and would never come to the last of many.
            if not isinstance(failed.outcome, delivery.Postponed):
                raise
    return tuple(each for each in found if each)


def _invite(slack: Client, channel_id: str, people: Sequence[str], priority: Priority) -> None:
    """Bring them in; who is there already, or cannot be, keeps nobody out."""
    if people:
        known = {"already_in_channel", "cant_invite", "cant_invite_self", "user_is_restricted", "user_not_found"}
        _allowing(
            known, slack, "conversations.invite", priority, channel=channel_id, users=",".join(people), force=True
        )


def _allowing(known: Set[str], slack: Client, method: str, priority: Priority, **given: Any) -> None:
    """Call a method for which these errors are as good as done."""
    try:
        slack.call(method, priority, **given)
    except Failed as failed:
        if failed.error not in known:
            raise
