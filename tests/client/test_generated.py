"""A client that a generator makes from the reference does the main job."""

import os
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from nightbell.actions import keys
from nightbell.data.access.principal import Principal
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
# Of its own: what a generator needs is nothing of ours. `make` makes it.
BIN = ROOT / ".venv-client" / "bin"


@pytest.mark.timeout(120)
def test_a_client_made_from_the_reference_does_the_main_job(
    world: World, live_server: LiveServer, tmp_path: Path
) -> None:
    if not BIN.exists() and "CI" not in os.environ:
        pytest.skip("there is no environment for the generated client: make client")
    world.members("Ana", "Bo")
    _, key = keys.create(Principal.operator(world.organization.id), "program")
    made = tmp_path / "client"
    reference, environ = str(ROOT / "openapi.json"), {"PATH": f"{BIN}:{os.environ['PATH']}"}
    run([str(BIN / "openapi-python-client"), "generate", "--path", reference, "--output-path", str(made)], environ)
    program = str(Path(__file__).with_name("program.py"))
    run([str(BIN / "python"), program, live_server.url, key], environ | {"PYTHONPATH": str(made)})


def run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "arning" not in done.stdout + done.stderr
