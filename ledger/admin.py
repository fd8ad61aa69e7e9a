"""The books in the console: everything can be read, nothing can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.access import permissions
from core.actor import Actor
from core.console.forms import asking_why
from core.console.records import RecordAdmin, labelled, operator
from core.console.shown import instant, link, money
from core.currency import CURRENCIES
from core.errors import Refusal
from ledger import periods
from ledger.chart import Code, TransferCode, account_name, transfer_name
from ledger.models import Account, AccountingPeriod, Expiry, FailedTransfer, Pending, Transfer

_BY_NUMBER = {currency.number: currency.code for currency in CURRENCIES.values()}


class Change(Protocol):
    def __call__(self, *, month: str, reason: str, actor: Actor) -> AccountingPeriod: ...


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
        *("effective", "belongs", "timestamp", "journal_id", "user_data_128", "flags"),
    )

    @admin.display(description="Effective", ordering="effective_at")
    def effective(self, transfer: Transfer) -> str:
        return instant(transfer.effective_at)

    @admin.display(description="Belongs to")
    def belongs(self, transfer: Transfer) -> str:
        return f"{instant(transfer.belongs_at)}, in a closed period" if transfer.belongs_at else ""

    @admin.display(description="For", ordering="code")
    def purpose(self, transfer: Transfer) -> str:
        return transfer_name(transfer.code)

    @admin.display(description="Customer")
    def customer(self, transfer: Transfer) -> str:
        return link(transfer.debit_account.customer)

    @admin.display(description="Amount", ordering="amount")
    def money(self, transfer: Transfer) -> str:
        return money(transfer.amount, _BY_NUMBER.get(transfer.ledger, ""))


@admin.register(Pending)
class PendingAdmin(RecordAdmin):
    about = "Transfers that hold an amount until they are posted, voided or time out. Their id is the transfer's."
    empty_hint = "No transfer was pending yet."
    list_display = ("id", "shown_state", "expires", "resolved")
    list_filter = ("state",)
    search_help_text = "The id of the pending transfer, or of the one that settled it."
    search_fields = ("state__exact",)
    id_fields = ("id", "resolved_by")
    ordering = ("-id",)
    fields = ("id", "shown_state", "expires", "resolved_by", "resolved")

    @labelled(
        "State", {"pending": "warning", "posted": "success", "voided": "info", "expired": "danger"}, ordering="state"
    )
    def shown_state(self, row: Pending) -> str:
        return str(row.state)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, row: Pending) -> str:
        return instant(row.expires_at) if row.expires_at else "never"

    @admin.display(description="Settled")
    def resolved(self, row: Pending) -> str:
        return instant(row.resolved_at)


@admin.register(Expiry)
class ExpiryAdmin(RecordAdmin):
    about = "Pending transfers that nobody settled in time: what they held was given back. Their id is the transfer's."
    empty_hint = "Nothing has timed out yet."
    list_display = ("id", "expired")
    ordering = ("-id",)
    fields = ("id", "expired")

    @admin.display(description="Expired", ordering="at")
    def expired(self, row: Expiry) -> str:
        return instant(row.at)


@admin.register(FailedTransfer)
class FailedTransferAdmin(RecordAdmin):
    about = "Ids that failed for a reason that may pass. They stay failed: a late retry can't succeed unnoticed."
    empty_hint = "No transfer has failed yet."
    list_display = ("transfer_id", "result", "failed")
    list_filter = ("result",)
    id_fields = ("id", "transfer_id")
    ordering = ("-id",)
    fields = ("transfer_id", "result", "failed", "id")

    @admin.display(description="Failed", ordering="at")
    def failed(self, row: FailedTransfer) -> str:
        return instant(row.at)


@admin.register(AccountingPeriod)
class AccountingPeriodAdmin(RecordAdmin):
    about = "The months of the books. Nothing is posted into a closed one: what belongs there counts from the next."
    empty_hint = "Open the first by bin/manage period open 2026-01 --tenant …"
    audited = True
    list_display = ("month", "shown_state", "start", "end", "reason", "changed")
    list_filter = ("state",)
    ordering = ("-start_at",)
    fields = ("month", "shown_state", "start", "end", "reason", "changed", "id")
    actions = ("close", "reopen")
    action_form = asking_why("Reason")

    @labelled("State", {"open": "success", "closed": "info"}, ordering="state")
    def shown_state(self, row: AccountingPeriod) -> str:
        return str(row.state)

    @admin.display(description="From", ordering="start_at")
    def start(self, row: AccountingPeriod) -> str:
        return instant(row.start_at)

    @admin.display(description="Until")
    def end(self, row: AccountingPeriod) -> str:
        return instant(row.end_at)

    @admin.display(description="Changed")
    def changed(self, row: AccountingPeriod) -> str:
        return instant(row.changed_at)

    def has_close_permission(self, request: HttpRequest) -> bool:
        return permissions.may(request, "period.close")

    def has_reopen_permission(self, request: HttpRequest) -> bool:
        return permissions.may(request, "period.reopen")

    @admin.action(description="Close the chosen months", permissions=["close"])
    def close(self, request: HttpRequest, rows: QuerySet[AccountingPeriod]) -> None:
        self._change(request, rows.order_by("start_at"), periods.close)

    @admin.action(description="Reopen the chosen months", permissions=["reopen"])
    def reopen(self, request: HttpRequest, rows: QuerySet[AccountingPeriod]) -> None:
        self._change(request, rows.order_by("-start_at"), periods.reopen)

    def _change(self, request: HttpRequest, rows: Iterable[AccountingPeriod], change: Change) -> None:
        reason, actor = request.POST.get("reason", ""), operator(request)
        try:
            changed = [change(month=row.month, reason=reason, actor=actor) for row in rows]
        except Refusal as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        self.message_user(request, ", ".join(f"{row.month} is {row.state}" for row in changed), messages.SUCCESS)
