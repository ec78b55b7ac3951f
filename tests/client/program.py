"""What somebody writes with a client made from the reference; it runs in an environment that has no Nightbell in it."""

import sys

from nightbell_client import AuthenticatedClient
from nightbell_client.api.escalation_policies import create_policy, list_policies
from nightbell_client.api.incidents import (
    acknowledge_incident,
    get_incident,
    hand_off_incident,
    list_incident_pages,
    list_incidents,
    open_incident,
    resolve_incident,
)
from nightbell_client.api.users import list_users
from nightbell_client.models import (
    Acknowledging,
    HandingOff,
    LayerGiven,
    Opening,
    PolicyGiven,
    Resolving,
    Severity,
    UsersTargetGiven,
)


def main(url: str, key: str) -> None:
    client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
    ana, bo = (user.id for user in list_users.sync(client=client).data.users if user.first_name in {"Ana", "Bo"})

    target = UsersTargetGiven(type_="users", user_ids=[str(ana)])
    given = PolicyGiven(name="Shop front", layers=[LayerGiven(target=target, ack_timeout_minutes=5)])
    policy = create_policy.sync(client=client, body=given).data
    assert policy.layers[0].target.user_ids == [ana], policy
    assert [each.name for each in list_policies.sync(client=client).data.policies] == ["Shop front"]

    opening = Opening(
        title="DB pool exhausted", severity=Severity.CRITICAL, owner_id=str(ana), escalation_policy_id=str(policy.id)
    )
    opened = open_incident.sync(client=client, body=opening, idempotency_key="once").data
    assert (opened.number, opened.escalation.state.value) == (1, "paging"), opened
    assert open_incident.sync(client=client, body=opening, idempotency_key="once").data.id == opened.id

    acknowledged = acknowledge_incident.sync("1", client=client, body=Acknowledging(user_id=str(ana))).data
    assert acknowledged.escalation.acknowledged_by.name == "Ana", acknowledged
    handed_off = hand_off_incident.sync("1", client=client, body=HandingOff(target_user_id=str(bo))).data
    assert (handed_off.owner_id, handed_off.escalation.next_layer) == (bo, None), handed_off

    listed = list_incidents.sync(client=client).data
    assert [each.id for each in listed.incidents] == [opened.id], listed
    (page,) = list_incident_pages.sync("1", client=client).data.pages
    assert (page.responder.name, page.channel, page.reason.value) == ("Bo", "email", "handoff"), page

    resolved = resolve_incident.sync("1", client=client, body=Resolving()).data
    assert resolved.resolved_at is not None, resolved
    whole = get_incident.sync(client=client, id="1").data
    assert [step.status.value for step in whole.status_history][-1] == "resolved", whole
    assert whole.audit_trail[0].actor.via.value == "api", whole
    missing = get_incident.sync(client=client, id="2")
    assert (missing.status_code, missing.code) == (404, "not_found"), missing


if __name__ == "__main__":
    main(*sys.argv[1:])
