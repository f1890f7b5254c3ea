# SPDX-License-Identifier: MIT
"""Django: python3 django_app.py PORT"""
import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect, JsonResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="for a test", USE_TZ=True,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"], APPEND_SLASH=True,
)


class HttpResponseTemporaryRedirect(HttpResponseRedirect):
    """Django has no helper for 307: this is how one is made."""

    status_code = 307


def answer(request):
    return JsonResponse({"method": request.method, "content": len(request.body)})


urlpatterns = [
    path("pay", lambda request: HttpResponseTemporaryRedirect("/v2/pay")),
    path("pay-302", lambda request: HttpResponseRedirect("/v2/pay")),
    path("moved", lambda request: HttpResponsePermanentRedirect("/v2/pay")),
    path("v2/pay", answer),
    path("orders/", answer),  # APPEND_SLASH answers /orders with 301, which loses a POST
    path("", lambda request: HttpResponse("ready")),
]

make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()).serve_forever()
