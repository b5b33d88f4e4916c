from django.urls import path

from tracking.api.v2.views import DeliveryDetail

urlpatterns = [path("deliveries/<uuid:order_id>", DeliveryDetail.as_view(), name="delivery-detail")]
