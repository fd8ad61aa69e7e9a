"""How the operator's console looks, and the way through it."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "collapsible": True, "items": list(items)}


_NAVIGATION = [
    {"items": [_item("Overview", "dashboard", "index")]},
    _group(
        "Customers",
        _item("Customers", "groups", "customers_customer_changelist"),
        _item("Names and addresses", "contact_mail", "customers_party_changelist"),
        _item("Usage subjects", "badge", "customers_claim_changelist"),
        _item("Who pays for whom", "family_history", "customers_billto_changelist"),
        _item("Sellers", "storefront", "customers_seller_changelist"),
    ),
    _group(
        "Usage",
        _item("Events", "bolt", "metering_event_changelist"),
        _item("Batches", "inventory_2", "metering_batch_changelist"),
        _item("Quarantine", "report", "metering_quarantined_changelist"),
        _item("Unknown subjects", "help", "metering_unknown_subjects"),
        _item("Voided events", "block", "metering_void_changelist"),
        _item("Imports", "upload_file", "metering_import_changelist"),
        _item("Meters", "speed", "metering_meter_changelist"),
        _item("Unreadable values", "rule", "metering_finding_changelist"),
    ),
    _group(
        "Catalogue",
        _item("Products", "category", "contracts_product_changelist"),
        _item("Plans", "list_alt", "contracts_plan_changelist"),
        _item("Published versions", "history_edu", "contracts_planversion_changelist"),
        _item("Prices", "sell", "contracts_price_changelist"),
    ),
    _group(
        "Subscriptions",
        _item("Subscriptions", "autorenew", "contracts_subscription_changelist"),
        _item("Amendments", "edit_note", "contracts_amendmentrow_changelist"),
        _item("Billed periods", "date_range", "contracts_billedperiod_changelist"),
    ),
    _group(
        "Billing",
        _item("Runs", "play_circle", "billing_run_changelist"),
        _item("Run items", "checklist", "billing_runitem_changelist"),
        _item("Charges", "receipt", "billing_charge_changelist"),
        _item("Charge keys", "key", "billing_chargekeyrow_changelist"),
        _item("Cut-offs", "event_available", "billing_cutoff_changelist"),
    ),
    _group(
        "Invoices",
        _item("Invoices", "request_quote", "billing_invoice_changelist"),
        _item("Drafts", "draft", "billing_drafts"),
        _item("Lines", "format_list_numbered", "billing_invoiceline_changelist"),
    ),
    _group("Payments", _item("Payments", "payments", "payments_payment_changelist")),
    _group(
        "Ledger",
        _item("Trial balance", "balance", "ledger_trial_balance"),
        _item("Accounts", "account_balance", "ledger_account_changelist"),
        _item("Transfers", "swap_horiz", "ledger_transfer_changelist"),
        _item("Accounting periods", "event_available", "ledger_accountingperiod_changelist"),
    ),
    _group(
        "Records",
        _item("Audit trail", "policy", "core_auditrecord_changelist"),
        _item("Messages", "mail", "core_message_changelist"),
        _item("Deliveries", "local_shipping", "core_delivery_changelist"),
        _item("Seals", "verified", "core_seal_changelist"),
        _item("Documents as rendered", "picture_as_pdf", "billing_rendition_changelist"),
        _item("Parties as printed", "assignment_ind", "customers_frozenparty_changelist"),
    ),
    _group(
        "Access",
        _item("Tenant", "domain", "core_tenant_changelist"),
        _item("Members", "person", "core_membership_changelist"),
        _item("API keys", "vpn_key", "core_apikey_changelist"),
    ),
]

UNFOLD = {
    "SITE_TITLE": "Daybook",
    "SITE_HEADER": "Daybook",
    "SITE_SUBHEADER": "The book of original entry",
    "SITE_SYMBOL": "menu_book",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("console/mark.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "core.console.site.environment",
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [lambda request: static("console/console.js")],
    "LOGIN": {"image": lambda request: static("console/sign-in.svg"), "form": "core.console.forms.SignInForm"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": _NAVIGATION},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # The teal of the invoices.
        "primary": {
            "50": "#effafa",
            "100": "#d6f1f2",
            "200": "#b2e4e6",
            "300": "#7dd0d4",
            "400": "#41b2b9",
            "500": "#25969f",
            "600": "#1b7a85",
            "700": "#0e5a63",
            "800": "#154f57",
            "900": "#16424a",
            "950": "#082b32",
        }
    },
}
