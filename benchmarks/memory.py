"""Memory of an idle `nightbell serve`, its own database included."""

import subprocess
import time
import urllib.request

from benchmarks import usage
from benchmarks.installation import CLI, Installation, ended, environment, free_port, wait_for
from benchmarks.results import Row

REST_SECONDS = 5.0


def measure(here: Installation) -> list[Row]:
    """Started, asked for a page once, and left alone for a while."""
    data, port = here.directory / "serve", free_port()
    environ = environment(NIGHTBELL_DATA_DIR=str(data), NIGHTBELL_SMTP_URL=here.smtp_url)
    with (here.directory / "serve.log").open("wb") as out:
        serve = subprocess.Popen(
            [*CLI, "serve", "--port", str(port)], env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        wait_for(lambda: _answers(port))
        time.sleep(REST_SECONDS)
        parts = {"supervisor": usage.memory_of_one(serve.pid), "web": 0.0, "engine": 0.0, "database": 0.0}
        for pid in usage.tree(serve.pid)[1:]:
            words = usage.name(pid)
            part = "web" if " web" in words else "engine" if " engine" in words else ""
            if "postgres" in words:
                part = "database"
            parts[part or "web"] += usage.memory_of_one(pid)
    finally:
        ended(serve)
    apart = ", ".join(f"{part} {size:.0f}" for part, size in parts.items())
    return [Row("memory, `serve` idle, database included", "≤ 300 MiB PSS", f"{sum(parts.values()):.0f} MiB ({apart})")]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
