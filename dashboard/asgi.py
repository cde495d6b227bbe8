"""The ASGI application: `uvicorn dashboard.asgi:application`. Without REDIS_URL it also runs the mirror's worker and
beat.
"""

import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from dashboard import embedded  # noqa: E402 - needs configured settings

# A folded history is tens of thousands of small objects without cycles: at its default pace the collector looks
# through all of them again and again, which tripled the time of opening one (measured: 246-510 ms against 105-127 ms
# for 8,500 events). Ten times as rarely again, it would leave so much lying about that the process grows for an hour.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)


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
