"""Keys and links: what lets somebody in who does not sign in."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.core import signing

from nightbell.actions import keys, organizations, people, signed_links
from nightbell.core.errors import Code, Rejected
from nightbell.core.incident import actor
from nightbell.core.link_grants import AcknowledgeGrant
from nightbell.data.access import principal
from nightbell.data.access.principal import Principal
from nightbell.data.models import ApiKey, Role
from tests.world import World

GRANT = AcknowledgeGrant(UUID(int=7), UUID(int=9), datetime(2026, 6, 1, 12, tzinfo=UTC))


def test_a_key_is_shown_once_and_kept_as_its_digest(world: World) -> None:
    made, text = keys.create(world.zoe.principal, "ci")
    assert text.startswith("nb_live_")
    # 160 random bits and more, at 6 bits a character.
    assert len(text) - len("nb_live_") >= 27
    row = ApiKey.objects.get(id=made.id)
    assert bytes(row.digest) == principal.digest(text)
    assert (row.name, row.created_by_id, row.last_used_at, row.revoked_at) == ("ci", world.zoe.id, None, None)
    assert keys.create(world.operator, "ci")[1] != text
    assert principal.of_key(text) == principal.Principal(
        world.organization.id, actor.Actor(actor.Type.API_KEY, made.id, "ci", actor.Via.API), Role.ADMIN
    )


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_key_has_a_name(world: World, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        keys.create(world.operator, name)
    assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, "name")


def test_c12_a_revoked_key_is_refused_from_the_next_request_on(world: World) -> None:
    made, text = keys.create(world.operator, "ci")
    larks, _ = organizations.create(Principal.operator(), "Day Larks", people.Person("lark@larks.example", "Lark"))
    for organization, key_id in ((larks, made.id), (world.organization, uuid4())):
        with pytest.raises(Rejected) as refused:
            keys.revoke(Principal.operator(organization.id), key_id)
        assert (refused.value.code, refused.value.field) == (Code.NOT_FOUND, "id")
    assert principal.of_key(text) is not None
    keys.revoke(world.operator, made.id)
    assert principal.of_key(text) is None
    with pytest.raises(Rejected):
        keys.revoke(world.operator, made.id)


def test_a_link_grants_what_it_was_made_for(world: World) -> None:
    url = signed_links.acknowledge_url(GRANT)
    token = url.rpartition("/ack/")[2]
    assert url == f"{signed_links.incident_url(1).removesuffix('/incidents/1')}/ack/{token}"
    assert signed_links.read_acknowledge(token) == GRANT


def test_a_link_that_was_not_made_here_grants_nothing(world: World) -> None:
    token = signed_links.acknowledge_url(GRANT).rpartition("/ack/")[2]
    parts = [GRANT.incident_id.hex, GRANT.user_id.hex]
    body, stamp, signature = token.split(":")
    forged = [
        "",
        "::",
        "nonsense",
        token[:-1],
        token + "x",
        f"{body}:{stamp}:{signature[::-1]}",
        f"{body[:-1]}A:{stamp}:{signature}",
        f"{signing.b64_encode(b'[]').decode()}:{stamp}:{signature}",
        # Signed with our key, but for something else.
        signing.dumps(parts, salt="nightbell.calendar"),
        signing.dumps(parts, key="another installation's", salt="nightbell.acknowledge"),
        # Signed for this, but not in its shape.
        signing.dumps([*parts, "more"], salt="nightbell.acknowledge"),
        signing.dumps(["7", "9"], salt="nightbell.acknowledge"),
        signing.dumps(7, salt="nightbell.acknowledge"),
        "é" * 30,
        "\0",
    ]
    assert [signed_links.read_acknowledge(each) for each in forged] == [None] * len(forged)
