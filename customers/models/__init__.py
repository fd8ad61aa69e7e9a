from customers.models.customer import BillTo, Customer, Party
from customers.models.seller import FrozenParty, Seller
from customers.models.subject import Claim, Subject
from customers.models.tree import Mark, Tree

__all__ = ["BillTo", "Claim", "Customer", "FrozenParty", "Mark", "Party", "Seller", "Subject", "Tree"]
