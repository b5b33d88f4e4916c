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
