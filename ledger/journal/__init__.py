"""The books as text that other programs read: hledger, Beancount, CSV. Pure."""
