from catalog.admin.members import MembershipRows, save_members
from catalog.admin.products import ProductAdmin, StockEntryAdmin
from catalog.admin.stores import StoreAdmin

__all__ = ["MembershipRows", "ProductAdmin", "StockEntryAdmin", "StoreAdmin", "save_members"]
