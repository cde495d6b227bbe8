"""The app's URLs and the floor: a view behind the whole middleware, for somebody logged in, that returns a constant."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard import access, urls
from executions.actions.permissions import VIEW


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def plain(request: HttpRequest) -> HttpResponse:
    """As many lines as a long history has, without anything of ours."""
    return HttpResponse("<!doctype html><title>plain</title>" + "<p>one line of text</p>" * 9000)


access.MATRIX["bench-hello"] = access.MATRIX["bench-plain"] = VIEW
urlpatterns = [
    *urls.urlpatterns,
    path("bench/hello/", hello, name="bench-hello"),
    path("bench/plain/", plain, name="bench-plain"),
]
handler404 = urls.handler404
