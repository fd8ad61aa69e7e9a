"""The books in the console: everything can be read, nothing can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.console.records import RecordAdmin
from core.console.shown import instant, link, money
from core.currency import CURRENCIES
from ledger.chart import Code, TransferCode, account_name, transfer_name
from ledger.models import Account, Transfer

_BY_NUMBER = {currency.number: currency.code for currency in CURRENCIES.values()}


class CodeFilter(admin.SimpleListFilter):
    """The codes of the chart by name."""

    title = "code"
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        if model_admin.model is Account:
            return [(str(code.value), f"{code.value} {account_name(code)}") for code in Code]
        return [(str(code.value), transfer_name(code)) for code in TransferCode]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(code=int(chosen)) if chosen.isdecimal() else queryset


@admin.register(Account)
class AccountAdmin(RecordAdmin):
    about = "Each customer's accounts in each currency. A control total is the sum over a code: see the trial balance."
    empty_hint = "Accounts are opened with the first charge: run a bill."
    list_display = ("code_name", "customer", "debits", "credits", "balance")
    list_filter = (CodeFilter, "currency")
    list_select_related = ("customer",)
    search_fields = ("customer__key__exact",)
    search_help_text = "A customer's key, or the id of a customer or account."
    id_fields = ("id", "customer_id")
    ordering = ("code", "customer", "currency", "sub")
    fields = (
        *("id", "customer", "code_name", "sub", "currency", "ledger", "flags"),
        *("debits", "credits", "balance", "created_at"),
    )

    @admin.display(description="Account", ordering="code")
    def code_name(self, account: Account) -> str:
        return str(account)

    @admin.display(description="Debits", ordering="debits_posted")
    def debits(self, account: Account) -> str:
        return money(account.debits_posted, account.currency)

    @admin.display(description="Credits", ordering="credits_posted")
    def credits(self, account: Account) -> str:
        return money(account.credits_posted, account.currency)

    @admin.display(description="Balance")
    def balance(self, account: Account) -> str:
        return money(account.debits_posted - account.credits_posted, account.currency)


@admin.register(Transfer)
class TransferAdmin(RecordAdmin):
    about = "One positive amount from a credited to a debited account, never changed: a correction is a new one."
    empty_hint = "The first are posted with the first charges: run a bill."
    list_display = ("effective", "purpose", "debit_account", "credit_account", "customer", "money")
    list_display_links = ("effective", "purpose")
    list_filter = (CodeFilter,)
    list_select_related = ("debit_account__customer", "credit_account")
    date_hierarchy = "effective_at"
    search_fields = ("debit_account__customer__key__exact",)
    search_help_text = "A customer's key, or the id of a transfer, account, charge key or document."
    id_fields = ("id", "user_data_128", "debit_account_id", "credit_account_id")
    ordering = ("-effective_at", "-timestamp", "-id")
    fields = (
        *("id", "purpose", "debit_account", "credit_account", "customer", "money"),
        *("effective", "timestamp", "journal_id", "user_data_128", "flags"),
    )

    @admin.display(description="Effective", ordering="effective_at")
    def effective(self, transfer: Transfer) -> str:
        return instant(transfer.effective_at)

    @admin.display(description="For", ordering="code")
    def purpose(self, transfer: Transfer) -> str:
        return transfer_name(transfer.code)

    @admin.display(description="Customer")
    def customer(self, transfer: Transfer) -> str:
        return link(transfer.debit_account.customer)

    @admin.display(description="Amount", ordering="amount")
    def money(self, transfer: Transfer) -> str:
        return money(transfer.amount, _BY_NUMBER.get(transfer.ledger, ""))
