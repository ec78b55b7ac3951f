"""The addresses of schedules and their rotation layers."""

from collections.abc import Callable
from datetime import time
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

from django.http import HttpResponse
from ninja import Path, Query, Router

from nightbell.actions import rotations, schedules
from nightbell.api import errors, parsing
from nightbell.api.access import Request
from nightbell.api.schedules import bodies, shapes
from nightbell.api.schedules.bodies import Editing, Previewing
from nightbell.api.shapes import Data, answer, nothing
from nightbell.core import editing
from nightbell.core.errors import Code, Rejected
from nightbell.data.reads import on_call
from nightbell.data.reads import schedules as reads

router = Router(tags=["On call"])

ScheduleId = Annotated[str, Path(..., alias="id")]
LayerId = Annotated[str, Path(..., alias="layerId")]
# What the fields of a rotation are called inside, where it is another name.
CALLED = {"rotation_type": "kind", "rotation_length_days": "length_days", "participant_ids": "participants"}
PREVIEW = Data[shapes.Preview]
ONE: dict[int, Any] = {200: Data[shapes.Schedule] | PREVIEW}
ADDED: dict[int, Any] = {201: Data[shapes.Rotation], 200: PREVIEW}
LAYER: dict[int, Any] = {200: Data[shapes.Rotation] | PREVIEW}
GONE: dict[int, Any] = {204: None, 200: PREVIEW}


@router.get("/oncall/schedules", response={200: Data[shapes.Schedules]})
def list_schedules(request: Request) -> HttpResponse:
    """By name, without layers."""
    return answer(shapes.schedules_by_name(reads.listed(request.principal)))


@router.post("/oncall/schedules", response={201: Data[shapes.Schedule]})
def create_schedule(request: Request, body: bodies.ScheduleGiven) -> HttpResponse:
    """Make a schedule; its layers are added to it."""
    made = schedules.create(request.principal, schedules.Given(body.name, body.timezone, body.description))
    return _answer(request, made, 201)


@router.get("/oncall/schedules/{id}", response={200: Data[shapes.Schedule]})
def get_schedule(request: Request, schedule_id: ScheduleId) -> HttpResponse:
    """With its layers."""
    return _answer(request, identified(schedule_id))


@router.put("/oncall/schedules/{id}", response=ONE)
def replace_schedule(
    request: Request, schedule_id: ScheduleId, body: bodies.ScheduleReplaced, how: Query[Editing]
) -> HttpResponse:
    """Make its own fields anew; what is not given is as in a new one. Its layers stay.

    It takes what GET gives, and what is as it was stays as it was, `updatedAt` too.
    """
    _refuse_other_id(body.id, schedule_id)
    _refuse_other_layers(request, schedule_id, body)
    changes: schedules.Changes = {"name": body.name, "timezone": body.timezone, "description": body.description}
    return _change(request, schedule_id, changes, how, how.version if body.version is None else body.version)


@router.patch("/oncall/schedules/{id}", response=ONE)
def change_schedule(
    request: Request, schedule_id: ScheduleId, body: bodies.ScheduleChanges, how: Query[Editing]
) -> HttpResponse:
    """Change what is given."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return _change(request, schedule_id, cast(schedules.Changes, changes), how, how.version)


@router.delete("/oncall/schedules/{id}", response=GONE)
def delete_schedule(request: Request, schedule_id: ScheduleId, how: Query[Previewing]) -> HttpResponse:
    """409 `in_use` where a policy targets it."""
    found = identified(schedule_id)
    act = partial(schedules.delete, request.principal, found, how.version)
    return _previewed_or_done(request, found, act, how) or nothing()


@router.post("/oncall/schedules/{id}/layers", response=ADDED)
def add_rotation(
    request: Request, schedule_id: ScheduleId, body: bodies.RotationGiven, how: Query[Editing]
) -> HttpResponse:
    """At the end, or where `position` says."""
    found = identified(schedule_id)
    act = partial(schedules.add_layer, request.principal, found, _draft(body), _how(how))
    if how.preview:
        return previewed(schedules.preview(request.principal, found, act))
    return _layer(request, found, act(), 201)


@router.put("/oncall/schedules/{id}/layers/order", response=ONE)
def order_rotations(
    request: Request, schedule_id: ScheduleId, body: bodies.RotationOrder, how: Query[Editing]
) -> HttpResponse:
    """The whole order."""
    found = identified(schedule_id)
    layer_ids = [_layer_id(layer_id) for layer_id in body.layer_ids]
    act = partial(schedules.order_layers, request.principal, found, layer_ids, _how(how))
    return _previewed_or_done(request, found, act, how) or _answer(request, found)


@router.put("/oncall/schedules/{id}/layers/{layerId}", response=LAYER)
def replace_rotation(
    request: Request,
    schedule_id: ScheduleId,
    layer_id: LayerId,
    body: bodies.RotationReplaced,
    how: Query[Editing],
) -> HttpResponse:
    """Make the layer anew under its id; without a name or a position it keeps its own. It takes what GET gives."""
    _refuse_other_id(body.id, layer_id)
    return _change_layer(request, schedule_id, layer_id, rotations.whole(_draft(body)), how)


@router.patch("/oncall/schedules/{id}/layers/{layerId}", response=LAYER)
def change_rotation(
    request: Request,
    schedule_id: ScheduleId,
    layer_id: LayerId,
    body: bodies.RotationChanges,
    how: Query[Editing],
) -> HttpResponse:
    """Change what is given."""
    changes = {CALLED.get(name, name): getattr(body, name) for name in body.model_fields_set}
    if "handoff_time" in changes:
        changes["handoff_time"] = time.fromisoformat(body.handoff_time)
    if "participants" in changes:
        changes["participants"] = _people(body.participant_ids)
    return _change_layer(request, schedule_id, layer_id, cast(rotations.Changes, changes), how)


@router.delete("/oncall/schedules/{id}/layers/{layerId}", response=GONE)
def delete_rotation(request: Request, schedule_id: ScheduleId, layer_id: LayerId, how: Query[Editing]) -> HttpResponse:
    """With its overrides; those after it move up."""
    found = identified(schedule_id)
    act = partial(schedules.delete_layer, request.principal, found, _layer_id(layer_id), _how(how))
    return _previewed_or_done(request, found, act, how) or nothing()


def identified(text: str) -> UUID:
    """The id in an address. Raises Rejected: `not_found`."""
    found = parsing.uuid(text)
    if found is None:
        raise not_found()
    return found


def not_found() -> Rejected:
    """The refusal of a schedule that is not there."""
    return Rejected(Code.NOT_FOUND, "There is no such schedule.")


def _layer_id(text: str) -> UUID:
    # An id that is none is of no layer either.
    return parsing.uuid(text) or UUID(int=0)


def _refuse_other_id(given: str | None, asked: str) -> None:
    if given is not None and parsing.uuid(given) != parsing.uuid(asked):
        raise errors.invalid("id", "It is not the id in the address.")


def _refuse_other_layers(request: Request, schedule_id: str, body: bodies.ScheduleReplaced) -> None:
    """Layers are changed at their own address; here they may be given as they are."""
    if body.layers is None:
        return
    found = identified(schedule_id)
    summary = _summary(request, found)
    rows = [shapes.layer(row, summary.timezone) for row in reads.layers(request.principal, found)]
    if body.layers != rows:
        raise errors.invalid("layers", "Layers are changed at their own address; here they may be given as they are.")


def previewed(changes: tuple[editing.Change, ...]) -> HttpResponse:
    """What an edit would do."""
    people = {user_id for change in changes for user_id in (change.loses, change.gains) if user_id}
    return answer(shapes.preview(changes, on_call.names(people)))


def _previewed_or_done(
    request: Request, schedule_id: UUID, act: Callable[[], object], how: Previewing
) -> HttpResponse | None:
    """What `act` would do, where that was asked; else it is done, and the answer is the caller's."""
    if how.preview:
        return previewed(schedules.preview(request.principal, schedule_id, act))
    act()
    return None


def _change(
    request: Request, schedule_id: str, changes: schedules.Changes, how: Editing, seen: int | None
) -> HttpResponse:
    found = identified(schedule_id)
    act = partial(schedules.change, request.principal, found, changes, schedules.How(how.keep_current, seen))
    return _previewed_or_done(request, found, act, how) or _answer(request, found)


def _change_layer(
    request: Request, schedule_id: str, layer_id: str, changes: rotations.Changes, how: Editing
) -> HttpResponse:
    found, named = identified(schedule_id), _layer_id(layer_id)
    act = partial(schedules.change_layer, request.principal, found, named, changes, _how(how))
    return _previewed_or_done(request, found, act, how) or _layer(request, found, named)


def _layer(request: Request, schedule_id: UUID, layer_id: UUID, status: int = 200) -> HttpResponse:
    summary = _summary(request, schedule_id)
    layers = {row.id: row for row in reads.layers(request.principal, schedule_id)}
    return answer(shapes.layer(layers[layer_id], summary.timezone), status)


def _summary(request: Request, schedule_id: UUID) -> reads.Summary:
    summary = reads.one(request.principal, schedule_id)
    if summary is None:
        raise not_found()
    return summary


def _answer(request: Request, schedule_id: UUID, status: int = 200) -> HttpResponse:
    summary = _summary(request, schedule_id)
    return answer(shapes.schedule(summary, reads.layers(request.principal, schedule_id)), status)


def _how(how: Editing) -> schedules.How:
    return schedules.How(how.keep_current, how.version)


def _draft(body: bodies.RotationGiven) -> editing.Draft:
    return editing.Draft(
        body.rotation_type,
        time.fromisoformat(body.handoff_time),
        body.effective_from,
        _people(body.participant_ids),
        body.rotation_length_days,
        body.effective_until,
        body.position,
        body.name,
        body.rotation_start,
    )


def _people(participants: list[str]) -> tuple[UUID | None, ...]:
    return tuple(parsing.uuid(each) for each in participants)
