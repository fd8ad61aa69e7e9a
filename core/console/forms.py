"""How people sign in, and say why."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import ActionForm, AuthenticationForm


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """E-mail address and password; addresses are kept in small letters."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs["inputmode"] = "email"

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


def asking_why(label: str) -> type[forms.Form]:
    """The form above a list of records whose actions ask for a reason, as `reason`."""
    field = forms.CharField(
        required=False,
        max_length=300,
        label=label,
        widget=forms.TextInput(attrs={"placeholder": label, "aria-label": label}),
    )
    return type("ReasonActionForm", (ActionForm,), {"reason": field})
