from django.urls import path

from couriers.api.v2 import assignment_views, courier_views, matching_views, offer_views

urlpatterns = [
    path("couriers", courier_views.CourierList.as_view(), name="courier-list"),
    path("couriers/me", courier_views.OwnCourier.as_view(), name="courier-me"),
    path("couriers/me/positions", courier_views.OwnPositions.as_view(), name="courier-positions"),
    path("couriers/me/offers", offer_views.OwnOffers.as_view(), name="courier-offers"),
    path("couriers/<uuid:courier_id>", courier_views.CourierDetail.as_view(), name="courier-detail"),
    path("orders/<uuid:order_id>/accept", assignment_views.OrderAccept.as_view(), name="order-accept"),
    path("orders/<uuid:order_id>/assign", assignment_views.OrderAssign.as_view(), name="order-assign"),
    path("orders/<uuid:order_id>/unassign", assignment_views.OrderUnassign.as_view(), name="order-unassign"),
    path("orders/<uuid:order_id>/matching", matching_views.OrderMatching.as_view(), name="order-matching"),
    path("orders/<uuid:order_id>/offer", offer_views.OrderOffer.as_view(), name="order-offer"),
    path("assignments", assignment_views.AssignmentList.as_view(), name="assignment-list"),
    path("assignments/<uuid:assignment_id>", assignment_views.AssignmentDetail.as_view(), name="assignment-detail"),
    path("assignments/<uuid:assignment_id>/accept", offer_views.AssignmentAccept.as_view(), name="assignment-accept"),
    path(
        "assignments/<uuid:assignment_id>/decline", offer_views.AssignmentDecline.as_view(), name="assignment-decline"
    ),
    path(
        "assignments/<uuid:assignment_id>/pick-up",
        assignment_views.AssignmentPickUp.as_view(),
        name="assignment-pick-up",
    ),
    path(
        "assignments/<uuid:assignment_id>/release",
        assignment_views.AssignmentRelease.as_view(),
        name="assignment-release",
    ),
    path(
        "assignments/<uuid:assignment_id>/deliver",
        assignment_views.AssignmentDeliver.as_view(),
        name="assignment-deliver",
    ),
    path("assignments/<uuid:assignment_id>/fail", assignment_views.AssignmentFail.as_view(), name="assignment-fail"),
]
