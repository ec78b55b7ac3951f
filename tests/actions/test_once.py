"""Doing once what is asked more than once."""

from datetime import timedelta

import pytest

from nightbell.actions import keys, once
from nightbell.core.errors import Code, Rejected
from nightbell.data.access.principal import SYSTEM
from nightbell.data.models import ApiKey
from tests.world import World


def test_a_change_is_made_once_and_its_answer_kept_for_a_day(world: World) -> None:
    def make() -> once.Answer:
        keys.create(world.operator, "made once")
        return once.Answer(201, "made")

    caller = world.zoe.principal
    assert once.once(caller, "POST /x", "k", b"body", make) == once.Answer(201, "made")
    assert once.once(caller, "POST /x", "k", b"body", make) == once.Answer(201, "made", again=True)
    assert ApiKey.objects.filter(name="made once").count() == 1
    with pytest.raises(Rejected) as refused:
        once.once(caller, "POST /x", "k", b"another body", make)
    assert refused.value.code is Code.IDEMPOTENCY_KEY_REUSED
    assert once.forget(SYSTEM) == 0
    world.sleeps(hours=25)
    assert once.forget(SYSTEM) == 1


def test_what_is_our_fault_leaves_nothing_and_may_be_tried_again(world: World) -> None:
    def fail() -> once.Answer:
        keys.create(world.operator, "undone")
        return once.Answer(503, "try again")

    caller = world.zoe.principal
    assert once.once(caller, "POST /x", "k", b"", fail) == once.Answer(503, "try again")
    assert not ApiKey.objects.filter(name="undone").exists()
    assert once.once(caller, "POST /x", "k", b"", lambda: once.Answer(200, "done")) == once.Answer(200, "done")


@pytest.mark.parametrize("key", ["", "k" * 256, "nul\0"])
def test_a_key_has_1_to_255_characters(world: World, key: str) -> None:
    with pytest.raises(Rejected) as refused:
        once.once(world.zoe.principal, "POST /x", key, b"", lambda: once.Answer(200, ""))
    assert (refused.value.code, refused.value.field) == (Code.VALIDATION_ERROR, "Idempotency-Key")


def test_a_day_is_what_is_promised() -> None:
    assert timedelta(hours=24) == once.HONOURED
