"""The API for programs, `/api/v1/`: what the pages show and do, under the same permissions.

Who may call what is in access.API; the description of it all is `/api/v1/openapi.json`.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import HttpBearer

from dashboard import access
from dashboard.api import acting, reading
from dashboard.api.answers import OrjsonRenderer
from executions.actions import perform
from executions.actions.results import BadValue


class Token(HttpBearer):
    """Says in the description that a token is needed. The middleware has checked it before any view runs."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return request.user


class Api(NinjaAPI):
    def get_openapi_schema(self, **chosen: Any) -> Any:
        """Ninja says of each operation that it needs a token, and beside it what `describe` says: which one."""
        schema = super().get_openapi_schema(**chosen)
        for operations in schema["paths"].values():
            for one in operations.values():
                one["security"] = one["security"][-1:]
        return schema


def describe(operation: Any) -> None:
    """Say which scope it needs, in words and as OpenAPI 3.1 does. Raises KeyError where access.API has no row."""
    scope = access.API[f"api:{operation.url_name}"].scope
    said = f"Needs a token with the scope `{scope}`."
    operation.description = f"{operation.description}\n\n{said}" if operation.description else said
    operation.openapi_extra = {"security": [{Token.__name__: [scope]}]}


api = Api(
    title="Durascope",
    version="1",
    description="AWS Lambda durable executions: read, start, stop, pause and delete them, answer their callbacks.",
    docs_url=None,
    urls_namespace="api",
    renderer=OrjsonRenderer(),
    auth=Token(),
)
for router in (reading.router, acting.router):
    for path in router.path_operations.values():
        for operation in path.operations:
            describe(operation)
    api.add_router("", router)


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
