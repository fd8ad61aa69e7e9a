"""Every address in one table."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from billing import api as billing
from config import errors
from metering import api as metering

#: The REST API. Numbers may hold slashes, as a seller's series may.
v1 = [
    path("events", metering.ingest_view),
    path("usage", metering.UsageView.as_view()),
    path("invoices", billing.InvoicesView.as_view()),
    path("invoices/<path:number>/lines/<int:position>/events", billing.LineEventsView.as_view()),
    path("invoices/<path:number>/lines/<int:position>", billing.LineView.as_view()),
    path("invoices/<path:number>/pdf", billing.PdfView.as_view()),
    path("invoices/<path:number>", billing.InvoiceView.as_view()),
    path("drafts", billing.DraftsView.as_view()),
    path("balances", billing.BalancesView.as_view()),
    re_path("", errors.not_found),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", errors.healthz),
    path("v1/", include(v1)),
    path("console/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
