from api.errors import CataloguedError


class OrderNotDispatched(CataloguedError):
    code = "order_not_dispatched"
    status = 400
    title = "Order not dispatched"
    cause = "No courier has been assigned to the order yet, so there is no delivery to show."
    remedy = "Read the order instead, and ask for the delivery once it is assigned."
    retryable = True
