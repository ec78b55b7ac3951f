"""What the fake Slack takes for block_kit, and what it refuses: the limits of Slack's Block Kit reference."""

from typing import Any

import pytest

from nightbell.demo.slack import block_kit
from tests.demo.slack_app import MODAL, plain


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": plain("x"), **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("x"), **more}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "a", "options": [OPTION], **more}


def asking(element: dict[str, Any]) -> dict[str, Any]:
    """A modal with one input."""
    return {**MODAL, "blocks": [{"type": "input", "label": plain("x"), "element": element}]}


OPTION = {"text": plain("One"), "value": "1"}
CONFIRM = {"title": plain("Sure?"), "text": plain("For good"), "confirm": plain("Yes"), "deny": plain("No")}
TYPED = {"type": "plain_text_input", "action_id": "a"}


@pytest.mark.parametrize(
    "block",
    [
        section(accessory=button(url="https://example.org/", confirm={**CONFIRM, "style": "danger"})),
        section(accessory=select(initial_option=OPTION, placeholder=plain("Choose"))),
        section(fields=[plain("x"), {"type": "mrkdwn", "text": "x", "verbatim": True}], expand=True),
        {"type": "context", "elements": [plain("x")], "block_id": "b"},
        {"type": "divider"},
    ],
)
def test_what_slack_takes_is_taken(block: dict[str, Any]) -> None:
    assert block_kit.of_message([block]) == []


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("text", "known type"),
        ({"type": "section"}, "text or fields"),
        (section(text="x"), "must be an object"),
        (section(text={"type": "plain_text", "text": 5}), "must be a string"),
        (section(text={**plain("x"), "emoji": "yes"}), "true or false"),
        (section(fields=[plain("x")] * 11), "1 to 10 items"),
        (section(fields="x"), "must be a list"),
        (section(accessory={"type": "image"}), "must be one of button, static_select"),
        (section(block_id="x" * 256), "1 to 255"),
        (section(accessory={"type": "button", "text": plain("x")}), "missing required field: action_id"),
        (section(accessory=button(text=plain("x" * 76))), "1 to 75"),
        (section(accessory=button(url="ftp://example.org/")), "web address"),
        (section(accessory=button(style="loud")), "primary, danger"),
        (section(accessory=button(confirm={"title": plain("x")})), "missing required field: deny"),
        (section(accessory=select(options=[])), "1 to 100 items"),
        (section(accessory=select(options=[OPTION] * 101)), "1 to 100 items"),
        (section(accessory=select(option_groups=[])), "either options or option_groups"),
        (section(accessory=select(initial_option={"text": plain("Two"), "value": "2"})), "one of the options"),
        (section(accessory=select(options=[{"text": plain("x" * 76), "value": "1"}])), "1 to 75"),
        ({"type": "context", "elements": [button()]}, "must be one of plain_text, mrkdwn"),
    ],
)
def test_what_slack_refuses_is_refused(block: Any, problem: str) -> None:
    found = block_kit.of_message([block])
    assert any(problem in each for each in found), found
    assert all("json-pointer:/blocks" in each for each in found)


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ([], "must be an object"),
        (asking({**TYPED, "min_length": -1}), "number from 0"),
        (asking({**TYPED, "max_length": True}), "number from 1"),
        (asking({**TYPED, "multiline": 1}), "true or false"),
        (asking({**TYPED, "initial_value": "x" * 3001}), "0 to 3000"),
        (asking(button()), "must be one of plain_text_input, static_select"),
        ({key: value for key, value in MODAL.items() if key != "submit"}, "where there are input blocks"),
    ],
)
def test_a_modal_slack_refuses_is_refused(view: Any, problem: str) -> None:
    found = block_kit.of_view(view)
    assert any(problem in each for each in found), found


def test_a_modal_slack_takes_is_taken() -> None:
    assert block_kit.of_view(MODAL) == []
    assert block_kit.of_view(asking({**TYPED, "multiline": True, "min_length": 1, "max_length": 5})) == []
