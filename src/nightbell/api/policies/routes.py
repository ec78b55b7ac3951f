"""The addresses of escalation policies and their layers."""

from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

from django.http import HttpResponse
from ninja import Path, Query, Router

from nightbell.actions import policies, policy_drafts
from nightbell.api import errors, parsing
from nightbell.api.access import Request
from nightbell.api.bodies import Versioned
from nightbell.api.policies import bodies, shapes
from nightbell.api.shapes import Data, answer, nothing
from nightbell.core import policy
from nightbell.core.errors import Code, Rejected
from nightbell.data.reads import policies as reads

router = Router(tags=["Escalation policies"])

PolicyId = Annotated[str, Path(..., alias="id")]
LayerId = Annotated[str, Path(..., alias="layerId")]
ONE = {200: Data[shapes.Policy]}
NOTHING: dict[int, None] = {204: None}


@router.get("/escalation/policies", response={200: Data[shapes.Policies]})
def list_policies(request: Request) -> HttpResponse:
    """By name, without layers."""
    return answer(shapes.policies_by_name(reads.listed(request.principal)))


@router.post("/escalation/policies", response={201: Data[shapes.Policy]})
def create_policy(request: Request, body: bodies.PolicyGiven) -> HttpResponse:
    """Make a policy."""
    made = policies.create(request.principal, _given(body))
    return _answer(request, made.id, 201)


@router.get("/escalation/policies/{id}", response=ONE)
def get_policy(request: Request, policy_id: PolicyId) -> HttpResponse:
    """With its layers."""
    return _answer(request, _id(policy_id))


@router.put("/escalation/policies/{id}", response=ONE)
def replace_policy(
    request: Request, policy_id: PolicyId, body: bodies.PolicyReplaced, of: Query[Versioned]
) -> HttpResponse:
    """Make the policy anew under its id; what is not given is as in a new one.

    It takes what GET gives, and what is as it was stays as it was, its layers' ids and `updatedAt` too.
    """
    if body.id is not None and parsing.uuid(body.id) != _id(policy_id):
        raise errors.invalid("id", "It is not the id in the address.")
    seen = of.version if body.version is None else body.version
    made = policies.replace_whole(request.principal, _id(policy_id), _given(body), seen)
    return _answer(request, made.id)


@router.patch("/escalation/policies/{id}", response=ONE)
def change_policy(
    request: Request, policy_id: PolicyId, body: bodies.PolicyChanges, of: Query[Versioned]
) -> HttpResponse:
    """Change what is given."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if "layers" in changes:
        changes["layers"] = _layers(body.layers)
    changed = policies.change(request.principal, _id(policy_id), cast(policies.Changes, changes), of.version)
    return _answer(request, changed.id)


@router.delete("/escalation/policies/{id}", response=NOTHING)
def delete_policy(request: Request, policy_id: PolicyId, of: Query[Versioned]) -> HttpResponse:
    """Running escalations go on: they have copies of their own."""
    policies.delete(request.principal, _id(policy_id), of.version)
    return nothing()


@router.post("/escalation/policies/{id}/layers", response={201: Data[shapes.Layer]})
def add_layer(request: Request, policy_id: PolicyId, body: bodies.LayerGiven, of: Query[Versioned]) -> HttpResponse:
    """At the end, or where `position` says."""
    made = policies.add_layer(request.principal, _id(policy_id), _layer(body, ""), of.version)
    return _answer_layer(request, made.policy_id, made.id, 201)


@router.put("/escalation/policies/{id}/layers/order", response=ONE)
def order_layers(request: Request, policy_id: PolicyId, body: bodies.LayerOrder, of: Query[Versioned]) -> HttpResponse:
    """The whole order."""
    layer_ids = [_layer_id(layer_id) for layer_id in body.layer_ids]
    ordered = policies.order_layers(request.principal, _id(policy_id), layer_ids, of.version)
    return _answer(request, ordered.id)


@router.patch("/escalation/policies/{id}/layers/{layerId}", response={200: Data[shapes.Layer]})
def change_layer(
    request: Request, policy_id: PolicyId, layer_id: LayerId, body: bodies.LayerChanges, of: Query[Versioned]
) -> HttpResponse:
    """Change what is given."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if "target" in changes:
        changes["target"] = _target(body.target, "")
    changed = policies.change_layer(
        request.principal, _id(policy_id), _layer_id(layer_id), cast(policies.LayerChanges, changes), of.version
    )
    return _answer_layer(request, changed.policy_id, changed.id)


@router.delete("/escalation/policies/{id}/layers/{layerId}", response=NOTHING)
def delete_layer(request: Request, policy_id: PolicyId, layer_id: LayerId, of: Query[Versioned]) -> HttpResponse:
    """Those after it move up."""
    policies.delete_layer(request.principal, _id(policy_id), _layer_id(layer_id), of.version)
    return nothing()


def _answer(request: Request, policy_id: UUID, status: int = 200) -> HttpResponse:
    return answer(shapes.policy(_policy(request, policy_id)), status)


def _answer_layer(request: Request, policy_id: UUID, layer_id: UUID, status: int = 200) -> HttpResponse:
    layers = {view.id: view for view in _policy(request, policy_id).layers}
    return answer(shapes.layer(layers[layer_id]), status)


def _policy(request: Request, policy_id: UUID) -> reads.PolicyView:
    view = reads.one(request.principal, policy_id)
    if view is None:
        raise _not_found()
    return view


def _given(body: bodies.PolicyGiven | bodies.PolicyReplaced) -> policy_drafts.Draft:
    return policy_drafts.Draft(body.name, body.description, body.repeat_count, _layers(body.layers))


def _layers(layers: Sequence[bodies.LayerGiven]) -> tuple[policy_drafts.LayerDraft, ...]:
    return tuple(_layer(each, f"layers.{place}.") for place, each in enumerate(layers))


def _layer(body: bodies.LayerGiven, place: str) -> policy_drafts.LayerDraft:
    layer_id = _layer_id(body.id) if isinstance(body, bodies.LayerKept) and body.id is not None else None
    return policy_drafts.LayerDraft(_target(body.target, place), body.ack_timeout_minutes, body.position, layer_id)


def _target(body: bodies.UsersTargetGiven | bodies.ScheduleTargetGiven, place: str) -> policy.Target:
    match body:
        case bodies.ScheduleTargetGiven():
            schedule_id = parsing.uuid(body.schedule_id)
            if schedule_id is None:
                raise policy_drafts.no_schedule(f"{place}target.schedule_id")
            return policy.Schedule(schedule_id)
        case bodies.UsersTargetGiven():
            user_ids = tuple(user_id for each in body.user_ids if (user_id := parsing.uuid(each)))
            if len(user_ids) != len(body.user_ids):
                raise policy_drafts.not_members(f"{place}target.user_ids")
            return policy.Users(user_ids)


def _id(text: str) -> UUID:
    found = parsing.uuid(text)
    if found is None:
        raise _not_found()
    return found


def _layer_id(text: str) -> UUID:
    # An id that is none is of no layer either.
    return parsing.uuid(text) or UUID(int=0)


def _not_found() -> Rejected:
    return Rejected(Code.NOT_FOUND, "There is no such escalation policy.")
