from api.errors import CataloguedError


class EventsExpired(CataloguedError):
    code = "events_expired"
    status = 410
    title = "Events no longer kept"
    cause = "Events after the place you gave are older than this installation keeps them."
    remedy = "Read the present state of what you follow, then go on from the `after` of this answer."
    retryable = False


class BatchRolledBack(CataloguedError):
    code = "batch_rolled_back"
    status = 422
    title = "Batch rolled back"
    cause = "At least one event of the batch is invalid, so none was published."
    remedy = "Correct the events named in `errors` and send the batch again, under a new Idempotency-Key."
    retryable = False


class WebhookEndpointNotFound(CataloguedError):
    code = "webhook_endpoint_not_found"
    status = 404
    title = "Webhook endpoint not found"
    cause = "There is no webhook endpoint with this id, or it is not yours."
    remedy = "List your endpoints, and check the id and the account you use."
    retryable = False


class WebhookDeliveryNotFound(CataloguedError):
    code = "webhook_delivery_not_found"
    status = 404
    title = "Webhook delivery not found"
    cause = "There is no webhook delivery with this id, its endpoint is not yours, or it is no longer kept."
    remedy = "List the deliveries of your endpoint; events themselves are also in the feed."
    retryable = False


class WebhookEndpointInactive(CataloguedError):
    code = "webhook_endpoint_inactive"
    status = 409
    title = "Webhook endpoint not active"
    cause = "Nothing is sent to an endpoint that is not active."
    remedy = "See its `disabled_reason`, mend the receiver, then set `is_active` to true."
    retryable = False


class WebhookEndpointLimitReached(CataloguedError):
    code = "webhook_endpoint_limit_reached"
    status = 409
    title = "Too many webhook endpoints"
    cause = "The account has as many webhook endpoints as one may have."
    remedy = "Delete one that you do not use any more, or let one endpoint take more event types."
    retryable = False
