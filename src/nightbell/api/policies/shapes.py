"""What is answered about escalation policies."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from nightbell.api import shapes
from nightbell.api.shapes import Id, Instant, Target
from nightbell.data.reads import policies


class Layer(TypedDict):
    """Who is paged, and how long they have to answer."""

    id: Id
    position: int
    ackTimeoutMinutes: int
    target: Target


class PolicyRow(TypedDict):
    """An escalation policy in a list."""

    id: Id
    name: str
    description: str | None
    repeatCount: int
    createdAt: Instant
    updatedAt: Instant
    version: int


class Policy(PolicyRow):
    """An escalation policy."""

    layers: list[Layer]


class Policies(TypedDict):
    """Every escalation policy, by name."""

    policies: list[PolicyRow]


def policies_by_name(views: Iterable[policies.PolicyView]) -> Policies:
    """A list of policies."""
    return {"policies": [_row(view) for view in views]}


def policy(view: policies.PolicyView) -> Policy:
    """A policy with its layers."""
    return {**_row(view), "layers": [layer(each) for each in view.layers]}


def layer(view: policies.LayerView) -> Layer:
    """A layer of a policy."""
    return {
        "id": str(view.id),
        "position": view.position,
        "ackTimeoutMinutes": view.ack_timeout_minutes,
        "target": shapes.target(view.target),
    }


def _row(view: policies.PolicyView) -> PolicyRow:
    return {
        "id": str(view.id),
        "name": view.name,
        "description": view.description,
        "repeatCount": view.repeat_count,
        "createdAt": shapes.instant(view.created_at),
        "updatedAt": shapes.instant(view.updated_at),
        "version": view.version,
    }
