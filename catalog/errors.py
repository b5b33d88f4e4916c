from api.errors import CataloguedError


class StoreNotFound(CataloguedError):
    code = "store_not_found"
    status = 404
    title = "Store not found"
    cause = "No store has this id, or not one that is open to you."
    remedy = "Check the id against the list of stores."
    retryable = False


class ProductNotFound(CataloguedError):
    code = "product_not_found"
    status = 404
    title = "Product not found"
    cause = "No product has this id, or not one that is open to you."
    remedy = "Check the id against the list of products."
    retryable = False


class SkuTaken(CataloguedError):
    code = "sku_taken"
    status = 409
    title = "SKU taken"
    cause = "Another product of this store, active or retired, has this SKU."
    remedy = "Use another SKU, or change the existing product."
    retryable = False


class InsufficientStock(CataloguedError):
    code = "insufficient_stock"
    status = 409
    title = "Insufficient stock"
    cause = "There is less in stock than was asked for. Nothing was reserved or changed."
    remedy = "Ask for at most what `errors` says is `available`."
    retryable = False


class StoreClosed(CataloguedError):
    code = "store_closed"
    status = 409
    title = "Store closed"
    cause = "The store takes no orders now: it is outside its opening hours, paused or no longer active."
    remedy = "Order from another store, or after `opens_at` where it is given."
    retryable = False


class OutsideDeliveryArea(CataloguedError):
    code = "outside_delivery_area"
    status = 409
    title = "Outside the delivery area"
    cause = "The drop-off is farther from the store than it delivers."
    remedy = "Order from a store that is nearer."
    retryable = False


class StockLimitExceeded(CataloguedError):
    code = "stock_limit_exceeded"
    status = 409
    title = "Stock limit exceeded"
    cause = "There would be more in stock than can be counted. Nothing was changed."
    remedy = "Add less; `limit` says how much there may be in all."
    retryable = False


class CurrencyMismatch(CataloguedError):
    code = "currency_mismatch"
    status = 409
    title = "Currency mismatch"
    cause = "Products are priced in their store's currency."
    remedy = "Leave the currency out, or send the store's, which `currency` names."
    retryable = False
