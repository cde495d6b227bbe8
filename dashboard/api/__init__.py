"""The API for programs, `/api/v1/`: what the pages show and do, under the same permissions.

Who may call what is in access.API; the description of it all is `/api/v1/openapi.json`.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import HttpBearer

from dashboard.api import acting, reading
from dashboard.api.answers import OrjsonRenderer
from executions.actions import perform
from executions.actions.results import BadValue


class Token(HttpBearer):
    """Says in the description that a token is needed. The middleware has checked it before any view runs."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return request.user


api = NinjaAPI(
    title="Durascope",
    version="1",
    description="AWS Lambda durable executions: read them, answer their callbacks, stop, pause and resume them.",
    docs_url=None,
    urls_namespace="api",
    renderer=OrjsonRenderer(),
    auth=Token(),
)
api.add_router("", reading.router)
api.add_router("", acting.router)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": str(error) or "There is nothing here."}, status=404)


@api.exception_handler(perform.NotAllowed)
def not_allowed(request: HttpRequest, error: perform.NotAllowed) -> HttpResponse:
    return api.create_response(
        request, {"detail": f"Nothing was sent. {error}"}, status=403 if error.forbidden else 409
    )


@api.exception_handler(perform.AlreadyDone)
def already_done(request: HttpRequest, error: perform.AlreadyDone) -> HttpResponse:
    return api.create_response(request, {"detail": f"Nothing was sent. {error}"}, status=409)


@api.exception_handler(BadValue)
def bad_value(request: HttpRequest, error: BadValue) -> HttpResponse:
    return api.create_response(request, {"detail": [{"loc": ["body", error.field], "msg": str(error)}]}, status=422)
