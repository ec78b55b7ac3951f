"""Who is on call does not depend on the machine: another process, another `TZ`, another locale, another hash seed."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from nightbell.core import editing, oncall
from tests.core.oncall import test_oncall_named as named

ROOT = Path(__file__).parents[3]
PROGRAM = "from tests.core.oncall import test_oncall_process as process; print('\\n'.join(process.answers()))"


def answers() -> list[str]:
    """Everything the product says around every named change of clocks, as text."""
    said = []
    for zone, _, wall, at, _ in named.NAMED:
        start = named.utc(at) - timedelta(days=3, minutes=7)
        layer = replace(named.LAYER, handoff_time=time.fromisoformat(wall), effective_from=start)
        schedule = replace(
            named.SCHEDULE, timezone=zone, layers=(layer, named.SECOND), overrides=tuple(named.OVERRIDES.values())
        )
        said.append(repr(oncall.on_call(schedule, named.utc(at))))
        said += map(repr, oncall.shifts(schedule, 0, start, start + timedelta(days=6)))
        said += map(repr, editing.difference(named.SCHEDULE, schedule, start, start + timedelta(days=6)))
    return said


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        # A folder without zones: the machine's own copy is not read.
        {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "2", "PYTHONTZPATH": "/nonexistent"},
    ],
    ids=["east", "west, without the system's zones"],
)
def test_another_process_says_the_same(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == answers()
