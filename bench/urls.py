"""The app's URLs and the floor: a view behind the whole middleware, for somebody logged in, that returns a constant."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard import access, urls
from executions.actions.permissions import VIEW


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


access.MATRIX["bench-hello"] = VIEW
urlpatterns = [*urls.urlpatterns, path("bench/hello/", hello, name="bench-hello")]
handler404 = urls.handler404
