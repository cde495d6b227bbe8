"""The ASGI application: `uvicorn dashboard.asgi:application`. Without REDIS_URL it also runs the mirror's worker and
beat.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from dashboard import embedded, memory  # noqa: E402 - needs configured settings

memory.start()


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
