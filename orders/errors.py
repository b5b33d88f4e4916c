from api.errors import CataloguedError


class OrderNotFound(CataloguedError):
    code = "order_not_found"
    status = 404
    title = "Order not found"
    cause = "No order has this id, or it is not yours to see."
    remedy = "Check the id and the account you use."
    retryable = False


class CustomerNotFound(CataloguedError):
    code = "customer_not_found"
    status = 404
    title = "Customer not found"
    cause = "No active customer has this id, or you may not order for them."
    remedy = "Check user_id; customers order for themselves only."
    retryable = False


class TransitionNotAllowed(CataloguedError):
    code = "transition_not_allowed"
    status = 409
    title = "Transition not allowed"
    cause = "The order's present state does not allow this, or does not allow you to do it."
    remedy = "Read the order again; `allowed` lists the states you may move it to now."
    retryable = False


class OrderNotReady(CataloguedError):
    code = "order_not_ready"
    status = 409
    title = "Order not ready"
    cause = "The store has not said yet that the order is ready for pickup."
    remedy = "Wait for the store, or ask staff to hand it over."
    retryable = True


class DropoffMissing(CataloguedError):
    code = "dropoff_missing"
    status = 409
    title = "Drop-off missing"
    cause = "An order without a drop-off address and position cannot be confirmed."
    remedy = "Add the drop-off with PATCH /api/v2/orders/{id}, then confirm."
    retryable = False


class DropoffFixed(CataloguedError):
    code = "dropoff_fixed"
    status = 409
    title = "Drop-off fixed"
    cause = "The drop-off can change only before payment, because the delivery fee depends on it."
    remedy = "Cancel the order and place a new one, or call the store."
    retryable = False


class OrderClosed(CataloguedError):
    code = "order_closed"
    status = 409
    title = "Order closed"
    cause = "A delivered or cancelled order does not change any more."
    remedy = "Nothing to do; place a new order if needed."
    retryable = False


class TotalChanged(CataloguedError):
    code = "total_changed"
    status = 409
    title = "Total changed"
    cause = "The order's total is not the one you expected; prices or fees have changed."
    remedy = "Show the customer the new `total` and place the order again with it."
    retryable = False


class TotalTooLarge(CataloguedError):
    code = "total_too_large"
    status = 409
    title = "Total too large"
    cause = "The order would come to more than one order can."
    remedy = "Order less at once; `limit` says how much an order may come to."
    retryable = False


class ExternalIdTaken(CataloguedError):
    code = "external_id_taken"
    status = 409
    title = "External id taken"
    cause = "You have already placed an order with this external_id."
    remedy = "Use the order named in `order_id`, or choose another external_id."
    retryable = False


class SeveralStores(CataloguedError):
    code = "several_stores"
    status = 409
    title = "Several stores"
    cause = "All items of an order must come from one store."
    remedy = "Place one order per store."
    retryable = False


class ProductUnavailable(CataloguedError):
    code = "product_unavailable"
    status = 409
    title = "Product unavailable"
    cause = "A product does not exist or is not sold any more."
    remedy = "Remove the products named in `errors` and try again."
    retryable = False


class RefundTooLarge(CataloguedError):
    code = "refund_exceeds_total"
    status = 409
    title = "Refund exceeds total"
    cause = "The refund asked for with the cancellation is larger than the order's total."
    remedy = "Ask for at most the order's total."
    retryable = False
