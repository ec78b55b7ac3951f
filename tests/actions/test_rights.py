"""Who may do what: a table by hand, from the rules of people, of every action there is."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from inspect import signature
from types import FunctionType
from uuid import uuid4

import pytest

from nightbell import actions
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.data import transaction
from nightbell.data.access.principal import SYSTEM, Needs, Principal
from nightbell.data.models import Role

# Incidents, overrides and one's own calendar are every member's. Who repeats an incident lets it go, whoever they are.
MEMBERS = {
    "calendars.create",
    "calendars.revoke",
    "holds.repeat",
    "incidents.acknowledge",
    "incidents.change_status",
    "incidents.escalate",
    "incidents.hand_off",
    "incidents.open_by_schedule",
    "incidents.open_for",
    "incidents.open_incident",
    "incidents.resolve",
    "once._once",
    "overrides.create",
    "overrides.delete",
    "overrides.take_now",
    # It saves nothing, and what it would do asks for itself.
    "schedules.preview",
}
EDITORS = {
    "policies.add_layer",
    "policies.change",
    "policies.change_layer",
    "policies.create",
    "policies.delete",
    "policies.delete_layer",
    "policies.order_layers",
    "policies.replace_whole",
    "schedules.add_layer",
    "schedules.change",
    "schedules.change_layer",
    "schedules.create",
    "schedules.create_whole",
    "schedules.delete",
    "schedules.delete_layer",
    "schedules.order_layers",
}
ADMINS = {
    "holds.resume",
    "keys.create",
    "keys.revoke",
    "organizations.let_members_edit",
    "organizations.set_fallback",
    "people.add",
    "people.remove",
    "workspaces.choose",
    "workspaces.connect",
    "workspaces.disconnect",
    "contacts.ask_for_match",
    "contacts.remember",
}
# What a lane has done to what it delivers.
DESK = ("bring_forward", "claim", "look", "release", "renew", "settle")
NIGHTBELL = {
    *(f"{desk}.{verb}" for desk in ("copies", "deliveries") for verb in DESK),
    "refusals.judge",
    "refusals.notice_fault",
    "gaps._tell",
    "gaps.tell_all",
    "deliveries._lose",
    "escalations.fire_due",
    "escalations.fire_one",
    "escalations.pull_back",
    "escalations.set_aside",
    "holds.resume_everywhere",
    "contacts.bring_all",
    "contacts.look_again",
    "contacts.match",
    "once.forget",
    "organizations.create",
    "people.forgot_password",
    "refusals._blame_installation",
    "signing.note",
    "workspaces.lose",
    "workspaces.rotate",
}

TABLE = (
    dict.fromkeys(MEMBERS, Needs.MEMBERSHIP)
    | dict.fromkeys(EDITORS, Needs.EDITING)
    | dict.fromkeys(ADMINS, Needs.ADMINISTRATION)
    | dict.fromkeys(NIGHTBELL, Needs.INSTALLATION)
)

# What changes nothing: reads, links, ids, values, words. The two that tell admins are part of an action.
NO_ACTIONS = {
    *("calendars.my_url", "calendars.schedule_url"),
    *("copies.seconds_to_next", "copies.why_not"),
    *("deliveries.again", "deliveries.not_connected", "deliveries.page_facts"),
    *("deliveries.seconds_to_next", "deliveries.why_not"),
    *("escalations.due_now", "escalations.seconds_to_next"),
    *("ids.new", "ids.stream"),
    "incidents.not_a_member",
    *(
        "signed_links.acknowledge_url",
        "signed_links.home_url",
        "signed_links.incident_url",
        "signed_links.read_acknowledge",
        "signed_links.schedule_url",
    ),
    *(
        "signed_links.schedules_url",
        "signed_links.sign_in_url",
        "signed_links.slack_oauth_url",
        "signed_links.slack_settings_url",
    ),
    *("notices.tell_admins", "notices.tell_of_fault"),
    "once.not_our_fault",
    *("organizations.find", "people.find"),
    *("policy_drafts.check", "policy_drafts.check_layer", "policy_drafts.check_position"),
    *("policy_drafts.check_targets", "policy_drafts.invalid"),
    *("policy_drafts.no_schedule", "policy_drafts.not_members"),
    *("rotations.changed", "rotations.check_instant", "rotations.made", "rotations.row", "rotations.shown"),
    *("rotations.to_millisecond", "rotations.whole"),
    "workspaces.credential",
}

MEMBER = Principal(uuid4(), actor.Actor(actor.Type.USER, uuid4(), "Ana"), Role.MEMBER)
ADMIN = replace(MEMBER, role=Role.ADMIN)
HERE = MEMBER.organization_id


def every_function() -> Iterator[tuple[str, FunctionType]]:
    for each in pkgutil.iter_modules(actions.__path__):
        module = importlib.import_module(f"{actions.__name__}.{each.name}")
        for name, act in vars(module).items():
            if isinstance(act, FunctionType) and act.__module__ == module.__name__:
                yield f"{each.name}.{name}", act


def every_action() -> Iterator[tuple[str, Needs]]:
    return ((name, act.needs) for name, act in every_function() if hasattr(act, "needs"))


def test_every_action_needs_what_the_table_says() -> None:
    assert dict(every_action()) == TABLE


def test_whatever_is_done_for_nobody_in_particular_changes_nothing() -> None:
    """A new function takes a principal first, or is listed by somebody who has thought of it."""
    public = {name: act for name, act in every_function() if not name.partition(".")[2].startswith("_")}
    assert {name for name, act in public.items() if "principal" not in next(iter(signature(act).parameters), "")} == (
        NO_ACTIONS
    )


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (MEMBER, {Needs.MEMBERSHIP}),
        (replace(MEMBER, edits=True), {Needs.MEMBERSHIP, Needs.EDITING}),
        (ADMIN, {Needs.MEMBERSHIP, Needs.EDITING, Needs.ADMINISTRATION}),
        (Principal.operator(HERE), set(Needs)),
        (Principal.system(HERE), set(Needs)),
        # Of no organization: nothing in one can be meant.
        (Principal.operator(), {Needs.INSTALLATION}),
        (SYSTEM, {Needs.INSTALLATION}),
    ],
)
def test_who_may_do_what(who: Principal, may: set[Needs]) -> None:
    assert {each for each in Needs if who.may(each)} == may


@pytest.mark.parametrize("decorated", [transaction.needing, transaction.action, transaction.quiet_action])
def test_whoever_may_not_is_refused_before_anything_is_done(decorated: object) -> None:
    done: list[str] = []

    def act(_principal: Principal, what: str) -> None:
        done.append(what)

    guarded = decorated(Needs.ADMINISTRATION)(act)  # type: ignore[operator]
    with pytest.raises(Rejected) as refused:
        guarded(MEMBER, "wrong")
    assert (refused.value.code, done) == (Code.NOT_AUTHORIZED, [])
    assert refused.value.message == "Only an admin may do this."
