"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from accounts.admin_base.own_password import change_own_password
from api.openapi.views import version_urls
from operations.admin.dispatch.urls import DISPATCH
from operations.admin.event_flow import event_flow_page
from operations.admin.stuck.page import stuck_page
from operations.admin.system.page import system_page

pages, admin_app, admin_namespace = admin.site.urls

urlpatterns = [
    path("", include("delivery_site.urls_v2")),
    path("", include("delivery_site.urls_v1")),
    path("admin/password_change/", admin.site.admin_view(change_own_password)),
    path("admin/stuck/", admin.site.admin_view(stuck_page), name="stuck"),
    path("admin/system/", admin.site.admin_view(system_page), name="system"),
    path("admin/event-flow/", admin.site.admin_view(event_flow_page), name="event_flow"),
    path("admin/", ([*DISPATCH, *pages], admin_app, admin_namespace)),
    path("api/v1/", include(version_urls(version="1", urlconf="delivery_site.urls_v1"))),
    path("api/v2/", include(version_urls(version="2", urlconf="delivery_site.urls_v2"))),
    path("", include("api.urls")),
    path("", include("tracking.urls")),
    path("", include("notifications.urls")),
    path("", include("operations.urls")),
]

handler400 = "api.error_pages.bad_request"
handler403 = "api.error_pages.permission_denied"
handler404 = "api.error_pages.page_not_found"
handler500 = "api.error_pages.server_error"
