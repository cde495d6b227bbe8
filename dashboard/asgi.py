"""The ASGI application: `uvicorn dashboard.asgi:application`. Without REDIS_URL it also runs the mirror's worker and
beat.
"""

import gc
import os
import threading
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from dashboard import embedded  # noqa: E402 - needs configured settings

COLLECT_SECONDS, COLLECT_ALL_EVERY = 10.0, 6


def _collect() -> None:
    """The garbage collector, at its own times: the young every ten seconds, everything once a minute."""
    turn = 0
    while True:
        time.sleep(COLLECT_SECONDS)
        turn += 1
        gc.collect(2 if turn % COLLECT_ALL_EVERY == 0 else 1)


# A folded history is tens of thousands of small objects without cycles: at its default pace the collector looks through
# all of them again and again in the middle of the request that makes them, which tripled the time of opening one
# (measured: 246-510 ms against 105-127 ms for 8,500 events).
gc.collect()
gc.freeze()
gc.disable()
threading.Thread(target=_collect, name="collector", daemon=True).start()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Django's application, plus the lifespan events that start and stop what runs beside it."""
    if scope["type"] != "lifespan":
        await django_application(scope, receive, send)
        return
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            embedded.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            embedded.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
