"""The book file: a tenant's whole set-up, declared (interfaces §2)."""
