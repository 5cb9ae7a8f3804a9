#!/usr/bin/env python3
"""Publishes the events of a run, with nothing but the standard library.

    export RUNCAST_URL=http://127.0.0.1:3000 RUNCAST_TOKEN=$(npx runcast token)
    python3 examples/publisher.py example
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("RUNCAST_URL", "http://127.0.0.1:3000")
TOKEN = os.environ.get("RUNCAST_TOKEN", "")

# The answers after which the same request may succeed later.
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
ATTEMPTS = 20


def publish(run_id, *events):
    """Stores all events or none, and returns their ids.

    Every attempt sends the same Idempotency-Key: the service stores the events once, even when its answer was lost.
    """
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    url = f"{URL}/api/v1/workflow-runs/{run_id}/events"
    request = urllib.request.Request(url, json.dumps(events).encode(), headers)
    for attempt in range(ATTEMPTS):
        retry_after = "0"
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["ids"]
        except urllib.error.HTTPError as error:
            if error.code not in TRANSIENT:
                sys.exit(f"The service answered {error.code}: {error.read().decode()}")
            retry_after = error.headers.get("Retry-After", "0")
        except (OSError, ValueError, http.client.HTTPException) as error:
            print(f"Attempt {attempt + 1} got no answer: {error}", file=sys.stderr)
        # A random part keeps many publishers from coming back at the same moment.
        wait = random.uniform(0, min(10, 0.25 * 2**attempt))
        time.sleep(max(wait, float(retry_after) if retry_after.isdigit() else 0))
    sys.exit(f"The service gave no answer to {ATTEMPTS} attempts.")


def status(value, **fields):
    return {"event_type": "status_change", "payload": {"status": value, **fields}}


def log(message, level="info"):
    return {"event_type": "log", "payload": {"level": level, "message": message}}


def result(content):
    return {"event_type": "result_preview", "payload": {"content": content}}


def main(run_id):
    publish(run_id, status("running", name="Python example"))
    total = 0
    for step in ("load", "sum", "report"):
        publish(run_id, status("running", step=step), log(f"{step} begins"))
        total += len(step)
        publish(run_id, status("succeeded", step=step))
    publish(run_id, result({"characters": total}), status("succeeded"))


if __name__ == "__main__":
    main(sys.argv[1])
