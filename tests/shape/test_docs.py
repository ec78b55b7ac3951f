"""The documentation holds: links lead somewhere, commands exist, and every fault that a test names is explained."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nightbell.cli.__main__ import cli
from nightbell.conf import env
from nightbell.core import record
from tests.shape import source

PAGES = sorted([source.ROOT / "README.md", source.ROOT / "CONTRIBUTING.md", *source.ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
CODE = re.compile(r"\b(?:def test_|class Test)([A-Za-z])(\d{1,2})[A-Z_]")
FAULTS = source.ROOT / "docs/reference/faults.md"


def title(path: Path) -> str:
    return str(path.relative_to(source.ROOT))


def commands(text: str) -> Iterator[list[str]]:
    """Every `nightbell …` in the blocks of a page, as a shell would split it."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"\$\(|\)|\||&&|;", line.partition(" #")[0]):
                words = shlex.split(part, posix=True) if part.count("'") % 2 == 0 and part.count('"') % 2 == 0 else []
                if words[:2] == ["sudo", "-u"]:
                    words = words[3:]
                while words and ("=" in words[0] or words[0] in {"env", "export"}):
                    words.pop(0)
                if words and Path(words[0]).name == "nightbell":
                    yield words[1:]


def unknown(words: list[str]) -> str | None:
    """What of a command line is no verb and no option; None where all of it is."""
    context = click.Context(cli, info_name="nightbell")
    command: click.Command = cli
    left = list(words)
    while isinstance(command, click.Group):
        if not left or left[0].startswith("-"):
            break
        found = command.get_command(context, left[0])
        if found is None:
            return left[0]
        context, command = click.Context(found, info_name=left.pop(0), parent=context), found
    known = {name for each in command.get_params(context) for name in (*each.opts, *each.secondary_opts)}
    return next((each for each in left if each.startswith("-") and each.partition("=")[0] not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    for target, _ in LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_anchor_is_a_heading(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if anchor and target.endswith(".md") and "://" not in target:
            headings = re.findall(r"^#+ (.*)$", (page.parent / target).read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
            assert anchor[1:] in slugs, f"{target}{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_command_is_one(page: Path) -> None:
    for words in commands(page.read_text()):
        assert unknown(words) is None, " ".join(words)


def test_commands_are_found_and_told_apart() -> None:
    text = "```sh\nexport A=$(nightbell secret new-key)  # once\n/opt/x/nightbell serve --port 1\nnightbell fly\n```\n"
    found = list(commands(text))
    assert found == [["secret", "new-key"], ["serve", "--port", "1"], ["fly"]]
    assert [unknown(words) for words in found] == [None, None, "fly"]
    assert unknown(["serve", "--sideways"]) == "--sideways"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_variable_is_one(page: Path) -> None:
    known = {env.variable(name) for name in env.names()} | env.CLIENT_ONLY
    # What Kubernetes puts into containers, and what all of them begin with.
    known |= {"NIGHTBELL_PORT", "NIGHTBELL_SERVICE_HOST", "NIGHTBELL_"}
    for name in re.findall(r"\bNIGHTBELL_[A-Z_]*\b", page.read_text()):
        assert name.removesuffix("_FILE") in known, name


def test_every_page_is_in_the_index() -> None:
    index = source.ROOT / "docs/README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
    adr = source.ROOT / "docs/adr"
    pages = {page for page in PAGES if page.is_relative_to(index.parent) and page != index and page.parent != adr}
    assert pages - linked == set()
    decisions = {(adr / target).resolve() for target, _ in LINK.findall((adr / "README.md").read_text())}
    assert set(adr.glob("0*.md")) - decisions == set()


def test_every_kind_of_the_record_is_explained() -> None:
    page = (source.ROOT / "docs/reference/record.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {kind for row in rows for kind in re.findall(r"`(\w+)`", row)} == {kind.value for kind in record.Kind}


def test_every_fault_that_a_test_names_is_explained() -> None:
    explained = set(re.findall(r"^\| ([A-Z]\d+) \|", FAULTS.read_text(), re.MULTILINE))
    named = {
        f"{letter.upper()}{int(number)}"
        for path in source.ROOT.glob("tests/**/*.py")
        for letter, number in CODE.findall(path.read_text())
    }
    assert named == explained
