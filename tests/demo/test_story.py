"""The first minutes with the demo, from its one line to the next layer's mail, with every real part."""

import re
import signal
from pathlib import Path

import pytest

from tests.cli import installations
from tests.demo.visitors import Visitor, eventually

pytestmark = [pytest.mark.xdist_group("serve"), pytest.mark.timeout(180)]


def test_open_read_the_mail_acknowledge_hand_off_in_slack_fast_forward_and_the_next_layer_is_paged() -> None:
    # What the environment says of a real installation is none of the demo's business, wrong or not.
    with installations.installation({"NIGHTBELL_SENDERS": "many"}) as at:
        said = at.start("demo", "--port", str(at.port))
        at_demo = re.search(r"http://\S+", said)
        assert at_demo is not None
        place = _data_of_the_demo(at)
        ana = Visitor(at_demo[0])
        assert "Good night, Ana." in ana.opens("/demo/")

        ana.submits(
            "/incidents/new",
            "",
            title="DB pool exhausted",
            severity="critical",
            owner=ana.id_of("/incidents/new", "Ana"),
            policy=ana.id_of("/incidents/new", "Shop front"),
        )
        mail = ana.mail("ana@night-owls.example", "CRITICAL DB pool exhausted")
        link = re.search(r"Acknowledge:\s+(\S+)", mail)
        assert link is not None
        assert "Escalation stopped" not in ana.opens("/incidents/1")
        assert "You are on it" in ana.submits(link[1], "")

        ana.presses("hand_off", "DB pool exhausted")
        assert "Hand off #1" in ana.opens("/demo/slack/?part=modal")
        ana.submits("/demo/slack/", "/demo/slack/submit", target=ana.id_of("/demo/slack/", "Bo"), note="on a plane")
        assert "on a plane" in ana.mail("bo@night-owls.example", "DB pool exhausted")
        eventually(lambda: "Handed off to Bo Lind" in ana.opens("/demo/slack/?part=said"), "the page as it is now")
        assert "inc-1-db-pool-exhausted" in ana.opens("/demo/slack/?part=places")
        assert "No mail yet" in ana.opens("/demo/inbox/?part&to=cy@night-owls.example")

        ana.submits("/incidents/1", "/demo/fast-forward/", by="next")
        assert "Layer 2 of 3" in ana.mail("cy@night-owls.example", "DB pool exhausted")
        assert "Cy Osei" in ana.opens("/incidents/1")
        assert int(ana.opens("/demo/inbox/?count")) == 3

        _be(ana, "Cy")
        assert "Good night, Cy." in ana.opens("/demo/")
        ana.presses("acknowledge", "DB pool exhausted")
        eventually(lambda: "Escalation stopped" in ana.opens("/incidents/1"), "the end of it")

        family = at.family()
        assert at.stop(signal.SIGINT) == 0
        installations.wait_until_gone(family)
        assert not place.exists()
        assert not (at.directory / "data").exists()


def _be(visitor: Visitor, name: str) -> None:
    people = re.findall(
        r'action="(/demo/be/[^"]+)"(?:(?!action=).)*?<button[^>]*>Be (\w+)<', visitor.opens("/demo/"), re.DOTALL
    )
    visitor.submits("/demo/", {called: address for address, called in people}[name])


def _data_of_the_demo(at: installations.Installation) -> Path:
    server = next(line for line in at.family().values() if "postgres" in line and "-D " in line)
    return Path(server.split("-D ")[1].split()[0]).parent
