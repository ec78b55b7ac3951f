"""The only place that knows Slack's limits on blocks and modals: the kinds we may use, and nothing else."""

from collections.abc import Callable
from typing import Any, Literal

Surface = Literal["message", "modal"]
Where = str

MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100}
EITHER = ("plain_text", "mrkdwn")


def of_message(blocks: Any) -> list[str]:
    """What Slack would refuse in a message's blocks."""
    check = _Check("message")
    check.blocks(blocks, "/blocks")
    return check.problems


def of_view(view: Any) -> list[str]:
    """What Slack would refuse in a modal."""
    check = _Check("modal")
    check.view(view)
    return check.problems


class _Check:
    """One look at one thing: what is wrong with it, each with a pointer to the place."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.problems: list[str] = []
        self._blocks: dict[str, Callable[[dict[str, Any], Where], None]] = {
            "header": self._header,
            "section": self._section,
            "context": self._context,
            "actions": self._actions,
            "divider": self._divider,
            "input": self._input,
        }
        self._elements: dict[str, Callable[[dict[str, Any], Where], None]] = {
            "button": self._button,
            "static_select": self._static_select,
            "plain_text_input": self._plain_text_input,
        }

    def wrong(self, where: Where, what: str) -> None:
        self.problems.append(f"{what} [json-pointer:{where or '/'}]")

    # The smallest parts.

    def keys(self, thing: Any, where: Where, required: tuple[str, ...], optional: tuple[str, ...]) -> bool:
        """Whether it is an object to look into; keys that are missing or unknown are wrong."""
        if not isinstance(thing, dict):
            self.wrong(where, "must be an object")
            return False
        for key in required:
            if key not in thing:
                self.wrong(where, f"missing required field: {key}")
        for key in thing:
            if key not in required and key not in optional:
                self.wrong(where, f"invalid additional property: {key}")
        return True

    def string(self, thing: dict[str, Any], key: str, where: Where, most: int, least: int = 1) -> None:
        value = thing.get(key)
        if key not in thing:
            return
        if not isinstance(value, str):
            self.wrong(f"{where}/{key}", "must be a string")
        elif not least <= len(value) <= most:
            self.wrong(f"{where}/{key}", f"must be {least} to {most} characters, is {len(value)}")

    def flags(self, thing: dict[str, Any], where: Where, *keys: str) -> None:
        for key in keys:
            if key in thing and not isinstance(thing[key], bool):
                self.wrong(f"{where}/{key}", "must be true or false")

    def words(self, thing: dict[str, Any], key: str, where: Where, allowed: tuple[str, ...]) -> None:
        if key in thing and thing[key] not in allowed:
            self.wrong(f"{where}/{key}", f"must be one of {', '.join(allowed)}")

    def number(self, thing: dict[str, Any], key: str, where: Where, least: int, most: int) -> None:
        value = thing.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(f"{where}/{key}", f"must be a number from {least} to {most}")

    def text(
        self, thing: dict[str, Any], key: str, where: Where, most: int, kinds: tuple[str, ...] = ("plain_text",)
    ) -> None:
        if key in thing:
            self._text_object(thing[key], f"{where}/{key}", most, kinds)

    def _text_object(self, text: Any, where: Where, most: int, kinds: tuple[str, ...]) -> None:
        extra = "verbatim" if isinstance(text, dict) and text.get("type") == "mrkdwn" else "emoji"
        if self.keys(text, where, ("type", "text"), (extra,)):
            self.words(text, "type", where, kinds)
            self.string(text, "text", where, most)
            self.flags(text, where, extra)

    def several(self, thing: dict[str, Any], key: str, where: Where, least: int, most: int) -> list[Any]:
        """The items of a list of the right length; none where it is not a list."""
        items = thing.get(key)
        if not isinstance(items, list):
            self.wrong(f"{where}/{key}", "must be a list")
            return []
        if not least <= len(items) <= most:
            self.wrong(f"{where}/{key}", f"must have {least} to {most} items, has {len(items)}")
        return items

    def _unique(self, things: list[Any], key: str, where: Where) -> None:
        names = [thing[key] for thing in things if isinstance(thing, dict) and key in thing]
        for name in {str(name) for name in names if names.count(name) > 1}:
            self.wrong(where, f"{key} {name!r} is there twice")

    # Views and blocks.

    def view(self, view: Any) -> None:
        texts = ("submit", "close", "private_metadata", "callback_id", "external_id")
        optional = (*texts, "clear_on_close", "notify_on_close", "submit_disabled")
        if not self.keys(view, "/view", ("type", "title", "blocks"), optional):
            return
        self.words(view, "type", "/view", ("modal",))
        for key in ("title", "submit", "close"):
            self.text(view, key, "/view", 24)
        self.string(view, "private_metadata", "/view", 3000, least=0)
        self.string(view, "callback_id", "/view", 255)
        self.string(view, "external_id", "/view", 255)
        self.flags(view, "/view", "clear_on_close", "notify_on_close", "submit_disabled")
        self.blocks(view.get("blocks"), "/view/blocks")
        if "submit" not in view and any(
            isinstance(block, dict) and block.get("type") == "input" for block in view.get("blocks") or ()
        ):
            self.wrong("/view/submit", "is required where there are input blocks")

    def blocks(self, blocks: Any, where: Where) -> None:
        parent, _, key = where.rpartition("/")
        items = self.several({key: blocks}, key, parent, 0, MOST_BLOCKS[self.surface])
        for number, block in enumerate(items):
            place = f"{where}/{number}"
            known = self._blocks.get(str(block.get("type"))) if isinstance(block, dict) else None
            if known is None:
                self.wrong(place, "is not a block of a known type")
            else:
                self.string(block, "block_id", place, 255)
                known(block, place)
        self._unique(items, "block_id", where)

    def _header(self, block: dict[str, Any], where: Where) -> None:
        self.keys(block, where, ("type", "text"), ("block_id",))
        self.text(block, "text", where, 150)

    def _section(self, block: dict[str, Any], where: Where) -> None:
        self.keys(block, where, ("type",), ("block_id", "text", "fields", "accessory", "expand"))
        if "text" not in block and "fields" not in block:
            self.wrong(where, "missing required field: text or fields")
        self.text(block, "text", where, 3000, EITHER)
        if "fields" in block:
            for number, field in enumerate(self.several(block, "fields", where, 1, 10)):
                self._text_object(field, f"{where}/fields/{number}", 2000, EITHER)
        if "accessory" in block:
            self._element(block["accessory"], f"{where}/accessory", "button", "static_select")
        self.flags(block, where, "expand")

    def _context(self, block: dict[str, Any], where: Where) -> None:
        self.keys(block, where, ("type", "elements"), ("block_id",))
        for number, element in enumerate(self.several(block, "elements", where, 1, 10)):
            self._text_object(element, f"{where}/elements/{number}", 2000, EITHER)

    def _actions(self, block: dict[str, Any], where: Where) -> None:
        self.keys(block, where, ("type", "elements"), ("block_id",))
        elements = self.several(block, "elements", where, 1, 25)
        for number, element in enumerate(elements):
            self._element(element, f"{where}/elements/{number}", "button", "static_select")
        self._unique(elements, "action_id", f"{where}/elements")

    def _divider(self, block: dict[str, Any], where: Where) -> None:
        self.keys(block, where, ("type",), ("block_id",))

    def _input(self, block: dict[str, Any], where: Where) -> None:
        if self.surface != "modal":
            self.wrong(where, "input blocks are for modals")
        optional = ("block_id", "hint", "optional", "dispatch_action")
        self.keys(block, where, ("type", "label", "element"), optional)
        self.text(block, "label", where, 2000)
        self.text(block, "hint", where, 2000)
        self.flags(block, where, "optional", "dispatch_action")
        if "element" in block:
            kinds = ("plain_text_input", "static_select")
            self._element(block["element"], f"{where}/element", *kinds)

    # Elements.

    def _element(self, element: Any, where: Where, *kinds: str) -> None:
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in kinds:
            self.wrong(where, f"must be one of {', '.join(kinds)}")
            return
        self.string(element, "action_id", where, 255)
        self._elements[kind](element, where)
        if "confirm" in element:
            self._confirm(element["confirm"], f"{where}/confirm")

    def _button(self, element: dict[str, Any], where: Where) -> None:
        optional = ("value", "url", "style", "confirm", "accessibility_label")
        self.keys(element, where, ("type", "text", "action_id"), optional)
        self.text(element, "text", where, 75)
        self.string(element, "value", where, 2000)
        self.string(element, "url", where, 3000)
        if not str(element.get("url", "https://")).startswith(("http://", "https://")):
            self.wrong(f"{where}/url", "must be a web address")
        self.string(element, "accessibility_label", where, 75)
        self.words(element, "style", where, ("primary", "danger"))

    def _confirm(self, confirm: Any, where: Where) -> None:
        if self.keys(confirm, where, ("title", "text", "confirm", "deny"), ("style",)):
            self.text(confirm, "title", where, 100)
            self.text(confirm, "text", where, 300, EITHER)
            self.text(confirm, "confirm", where, 30)
            self.text(confirm, "deny", where, 30)
            self.words(confirm, "style", where, ("primary", "danger"))

    def _static_select(self, element: dict[str, Any], where: Where) -> None:
        optional = ("placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load")
        self.keys(element, where, ("type", "action_id"), optional)
        self.text(element, "placeholder", where, 150)
        self.flags(element, where, "focus_on_load")
        offered = self._choices(element, where)
        if "initial_option" in element and element["initial_option"] not in offered:
            self.wrong(f"{where}/initial_option", "must be one of the options, exactly")

    def _choices(self, thing: dict[str, Any], where: Where) -> list[Any]:
        """The options a select offers, in groups or not."""
        if ("options" in thing) == ("option_groups" in thing):
            self.wrong(where, "must have either options or option_groups")
            return []
        if "options" in thing:
            return self._options(thing, where)
        offered: list[Any] = []
        for number, group in enumerate(self.several(thing, "option_groups", where, 1, 100)):
            place = f"{where}/option_groups/{number}"
            if self.keys(group, place, ("label", "options"), ()):
                self.text(group, "label", place, 75)
                offered.extend(self._options(group, place))
        return offered

    def _options(self, thing: dict[str, Any], where: Where) -> list[Any]:
        options = self.several(thing, "options", where, 1, 100)
        for number, option in enumerate(options):
            self._option(option, f"{where}/options/{number}")
        return options

    def _option(self, option: Any, where: Where) -> None:
        if self.keys(option, where, ("text", "value"), ("description",)):
            self.text(option, "text", where, 75)
            self.string(option, "value", where, 150)
            self.text(option, "description", where, 75)

    def _plain_text_input(self, element: dict[str, Any], where: Where) -> None:
        optional = ("placeholder", "initial_value", "multiline", "min_length", "max_length", "focus_on_load")
        self.keys(element, where, ("type", "action_id"), optional)
        self.text(element, "placeholder", where, 150)
        self.flags(element, where, "multiline", "focus_on_load")
        self.number(element, "min_length", where, 0, 3000)
        self.number(element, "max_length", where, 1, 3000)
        self.string(element, "initial_value", where, 3000, least=0)
