"""The client: a program that posts over kept connections and says when each request began and ended.

It prints a line `began ended status number` for each.
"""

import http.client
import json
import queue
import random
import sys
import threading
import time
from typing import Any


def one_after_the_other(work: "queue.SimpleQueue[tuple[float, str, Any] | None]", given: dict[str, Any]) -> None:
    """A connection of its own, kept, opened again where the server hangs up."""
    connection = http.client.HTTPConnection("127.0.0.1", given["port"], timeout=10)
    headers = {"Authorization": f"Bearer {given['key']}", "Content-Type": "application/json"}
    while (task := work.get()) is not None:
        at, path, body = task
        time.sleep(max(0.0, at - time.monotonic()))
        began = time.monotonic()
        try:
            if connection.sock is None:
                connection.connect()
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            number = json.loads(content)["data"]["number"] if response.status < 300 else 0
            said = f"{began:.6f} {time.monotonic():.6f} {response.status} {number}"
        except (OSError, http.client.HTTPException):
            connection.close()
            said = f"{began:.6f} {time.monotonic():.6f} 0 0"
        sys.stdout.write(said + "\n")


def main() -> None:
    """Read what to do as JSON from standard input and do it."""
    given = json.load(sys.stdin)
    work: queue.SimpleQueue[tuple[float, str, Any] | None] = queue.SimpleQueue()
    at = time.monotonic() + 0.1
    for path, body in given["requests"]:
        work.put((at, path, body))
        if given["rate"]:
            # Not in step with anything that ticks.
            at += random.uniform(0.5, 1.5) / given["rate"] if given["uneven"] else 1 / given["rate"]
    threads = [threading.Thread(target=one_after_the_other, args=(work, given)) for _ in range(given["connections"])]
    for thread in threads:
        work.put(None)
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
