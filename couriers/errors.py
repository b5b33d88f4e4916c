from api.errors import CataloguedError


class CourierNotFound(CataloguedError):
    code = "courier_not_found"
    status = 404
    title = "Courier not found"
    cause = "No courier has this id, or they are not yours to see, or your account has no courier profile."
    remedy = "Check the id and the account you use; dispatchers add courier profiles at /api/v2/couriers."
    retryable = False


class CourierExists(CataloguedError):
    code = "courier_exists"
    status = 409
    title = "Courier exists"
    cause = "This user has a courier profile already."
    remedy = "Change the existing profile with PATCH /api/v2/couriers/{id}."
    retryable = False


class NotACourier(CataloguedError):
    code = "not_a_courier"
    status = 409
    title = "Not a courier"
    cause = "Only users with the role courier can have a courier profile."
    remedy = "Give the user the role courier first, or name another user."
    retryable = False


class CourierInactive(CataloguedError):
    code = "courier_inactive"
    status = 409
    title = "Courier inactive"
    cause = "The courier's profile or account has been deactivated, so they take on no work."
    remedy = "Choose another courier, or have it activated again."
    retryable = False


class CourierAtCapacity(CataloguedError):
    code = "courier_at_capacity"
    status = 409
    title = "Courier at capacity"
    cause = "The courier carries as many orders as their capacity allows."
    remedy = "Deliver or give back an order first, or choose another courier."
    retryable = True


class CourierNotOfStore(CataloguedError):
    code = "courier_not_of_store"
    status = 409
    title = "Courier not of this store"
    cause = "The courier rides for certain stores only, and the order's store is not one of them."
    remedy = "Choose a courier of the store, or make this courier a member of it."
    retryable = False


class CapacityBelowActiveOrders(CataloguedError):
    code = "capacity_below_active_orders"
    status = 409
    title = "Capacity below active orders"
    cause = "The courier carries more orders at the moment than the new capacity would allow."
    remedy = "Wait until they have delivered, or unassign orders first."
    retryable = True


class OrderAlreadyAssigned(CataloguedError):
    code = "order_already_assigned"
    status = 409
    title = "Order already assigned"
    cause = "Another courier has the order."
    remedy = "Choose another order."
    retryable = False


class OrderNotOffered(CataloguedError):
    code = "order_not_offered"
    status = 409
    title = "Order not offered"
    cause = "The store chooses who carries its orders, and this one is not offered to you, or not any more."
    remedy = "Take on what is offered to you: GET /api/v2/couriers/me/offers."
    retryable = False


class OfferNotOpen(CataloguedError):
    code = "offer_not_open"
    status = 409
    title = "Offer not open"
    cause = "The offer has been answered, its deadline has passed, or it was withdrawn."
    remedy = "See what is offered now: GET /api/v2/couriers/me/offers."
    retryable = False


class CourierUnavailable(CataloguedError):
    code = "courier_unavailable"
    status = 409
    title = "Courier unavailable"
    cause = "An order is offered only to couriers who are online, have room for it and ride for its store."
    remedy = "Offer it to others, or assign it; `errors` says what is in the way of whom."
    retryable = True


class NoCourierFree(CataloguedError):
    code = "no_courier_free"
    status = 409
    title = "No courier free"
    cause = "No courier who rides for the store is online, has room and has not been asked already."
    remedy = "Try again later, name the couriers to be asked, or assign the order."
    retryable = True


class AssignmentNotFound(CataloguedError):
    code = "assignment_not_found"
    status = 404
    title = "Assignment not found"
    cause = "No assignment has this id, or it is not yours to see."
    remedy = "Check the id and the account you use."
    retryable = False


class WrongPin(CataloguedError):
    code = "wrong_pin"
    status = 409
    title = "Wrong PIN"
    cause = "The store asks for the customer's PIN at the door, and the one given is missing or wrong."
    remedy = "Ask the customer for the PIN on their tracking page; `attempts_left` says how often you may try."
    retryable = False


class PinLocked(CataloguedError):
    code = "pin_locked"
    status = 409
    title = "PIN locked"
    cause = "A wrong PIN was given too often."
    remedy = "Call a dispatcher, who can make the delivery without it."
    retryable = False
