"""Forms in Slack: the only place that builds them, and that reads what was filled in."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nightbell.channels.slack import blocks
from nightbell.channels.slack.blocks import Block
from nightbell.core import message

# Slack's own limits.
TITLE_LENGTH, OPTION_LENGTH, GROUP_LENGTH, INPUT_LENGTH = 24, 75, 75, 3000
MAX_OPTIONS = MAX_GROUPS = 100

Option = tuple[str, str]
Answer = dict[str, Any]


def form(name: str, title: str, submit: str, kept: Mapping[str, Any], fields: Iterable[Block]) -> Block:
    """A form; `kept` comes back with it."""
    return {
        "type": "modal",
        "callback_id": name,
        "title": blocks.plain(title, TITLE_LENGTH),
        "submit": blocks.plain(submit, TITLE_LENGTH),
        "close": blocks.plain("Cancel", TITLE_LENGTH),
        "private_metadata": json.dumps(kept),
        "blocks": list(fields),
    }


def said(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": blocks.plain(text, INPUT_LENGTH)}


def field(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    """Something to fill in; `name` is what it is read and refused by."""
    more = {"hint": blocks.plain(hint, 2000)} if hint else {}
    return {
        "type": "input",
        "block_id": name,
        "label": blocks.plain(label, 2000),
        "optional": optional,
        "element": {**element, "action_id": name},
        **more,
    }


def line(typed: str = "", *, longest: int, several: bool = False) -> Block:
    """One line of text, or several."""
    initial = {"initial_value": typed} if typed else {}
    return {"type": "plain_text_input", "multiline": several, "max_length": min(longest, INPUT_LENGTH), **initial}


def choice(groups: Iterable[tuple[str, Iterable[Option]]], chosen: str | None = None) -> Block:
    """One of many, as (value, words), in titled groups; one that is too long for Slack goes on in the next."""
    made: list[Block] = []
    for label, options in groups:
        offered = list(options)
        for start in range(0, len(offered), MAX_OPTIONS):
            shown = [_option(*each) for each in offered[start : start + MAX_OPTIONS]]
            made.append({"label": blocks.plain(label, GROUP_LENGTH), "options": shown})
    made = made[:MAX_GROUPS]
    initial = [option for group in made for option in group["options"] if option["value"] == chosen]
    more = {"initial_option": initial[0]} if initial else {}
    return {"type": "static_select", "option_groups": made, **more}


def kept(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the form was given to keep. Raises ValueError for what is not ours."""
    found = json.loads(view.get("private_metadata") or "{}")
    if not isinstance(found, dict):
        raise ValueError("not what a form of ours keeps")  # noqa: TRY004 -- what was sent is wrong, and no type of ours
    return found


def filled(view: Mapping[str, Any], name: str) -> str:
    """What was typed or chosen; empty where nothing was. What no database keeps is left out."""
    element = view.get("state", {}).get("values", {}).get(name, {}).get(name, {})
    option = element.get("selected_option") or element
    return str(option.get("value") or "").replace("\0", "")


def wrong(name: str, why: str) -> Answer:
    """Leave the form as it is, and say beside a field what is wrong with it."""
    return {"response_action": "errors", "errors": {name: why}}


def instead(view: Block) -> Answer:
    """Show another form in its place."""
    return {"response_action": "update", "view": view}


def notice(text: str) -> Answer:
    """Show that nothing was done, and why."""
    view = {
        "type": "modal",
        "title": blocks.plain("Nightbell", TITLE_LENGTH),
        "close": blocks.plain("Close", TITLE_LENGTH),
    }
    return instead({**view, "blocks": [said(text)]})


def in_words(answer: Answer) -> str:
    """What an answer says, where its form is no longer there to say it."""
    if errors := answer.get("errors"):
        return " ".join(errors.values())
    first: dict[str, Any] = next(iter(answer.get("view", {}).get("blocks", ())), {})
    return str(first.get("text", {}).get("text", ""))


def _option(value: str, words: str) -> Block:
    return {"text": blocks.plain(message.clean(words, OPTION_LENGTH) or "–", OPTION_LENGTH), "value": value}
