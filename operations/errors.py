from api.errors import CataloguedError


class UndoExpired(CataloguedError):
    code = "undo_expired"
    status = 409
    title = "Too late to undo"
    cause = "What was done on the dispatch board can be undone for ten minutes, and only by who did it."
    remedy = "Give the orders to whom they should go, one by one or together."
    retryable = False
