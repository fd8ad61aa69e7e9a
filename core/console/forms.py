"""How people sign in."""

from __future__ import annotations

from typing import Any

from unfold.forms import AuthenticationForm


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """E-mail address and password; addresses are kept in small letters."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs["inputmode"] = "email"

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()
