"""The console in a real browser: by keyboard alone, without an error, and without a request to anywhere else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.edges.books import PASSWORD, Shop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright runs a loop of its own in this thread, and Django would take every query for one inside of it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, address: str, shop: Shop) -> Iterator[Page]:
    """A page on which any error, and any request that leaves this machine, fails the test at its end."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
    context.set_default_timeout(30_000)
    page, faults = context.new_page(), []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("request", lambda request: faults.append(request.url) if not _is_here(request.url, address) else None)
    yield page
    context.close()
    assert faults == []


def _is_here(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", "about:"))


def sign_in(page: Page, shop: Shop) -> None:
    page.goto("/console/")
    page.wait_for_function("document.activeElement?.id === 'id_username'")
    page.keyboard.type(shop.operator.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def press_until(page: Page, selector: str, *, reading: str = "", key: str = "Tab", most: int = 150) -> None:
    """Walks by keyboard until what the selector names, and reads so, has the focus."""
    focused = (
        "([wanted, words]) => [document.activeElement].some(e => e?.matches(wanted) && e.textContent.includes(words))"
    )
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate(focused, [selector, reading]):
            return
    raise AssertionError(f"{selector} can't be reached by keyboard")


def test_from_signing_in_to_the_events_behind_a_line_by_keyboard(page: Page, shop: Shop) -> None:
    """Overview → invoices → one of them → a line → its events, and never a pointer."""
    sign_in(page, shop)
    assert page.locator("h1").inner_text() == "Overview"
    press_until(page, "h2[role=button]", reading="Invoices")
    page.keyboard.press("Enter")
    press_until(page, 'a[href="/console/billing/invoice/"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press_until(page, '#result_list tbody a[href*="/billing/invoice/"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press_until(page, 'a[href*="/lines/"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert urlsplit(page.url).path.endswith("/lines/1/")
    while not page.locator("#events, #added").count():
        press_until(page, "a.button", reading="Next line")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    press_until(page, 'a[href*="/metering/event/"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "specversion" in page.locator("pre.verbatim").inner_text()


@pytest.mark.parametrize("path", ["/console/", "/console/ledger/trial-balance/", "/console/billing/drafts/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_without_an_error(page: Page, shop: Shop, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(page, shop)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").is_visible()


def test_an_accounts_statement_is_reached_and_asked_for_by_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    page.goto("/console/ledger/account/?code=1200&currency__exact=EUR")
    page.locator("#result_list tbody a").first.click()
    press_until(page, 'a[href$="/statement/"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    balances = page.locator("table.sheet tbody td:last-child")
    assert balances.first.inner_text() == "0.00"
    press_until(page, "#from")
    page.locator("#from").fill("2031-01-01")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert balances.all_inner_texts()[0] == balances.all_inner_texts()[1] != "0.00"


def test_the_overview_draws_a_chart_for_each_currency(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    page.wait_for_load_state("networkidle")
    charts = page.locator("canvas.chart")
    assert charts.count() == 2
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    assert all(charts.nth(at).evaluate(painted) for at in range(2))


def test_an_invoice_shows_its_document_in_a_frame(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    page.goto("/console/billing/invoice/")
    page.locator("#result_list tbody a").first.click()
    frame = page.frame_locator("iframe.document")
    assert frame.locator("h1").inner_text().startswith("Invoice ")


def test_the_filters_open_and_close_by_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    page.goto("/console/billing/invoice/")
    press_until(page, "a[role=button][x-on\\:click]:not([href])")
    page.keyboard.press("Enter")
    panel = page.locator("#changelist-filter")
    panel.wait_for(state="visible")
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")


def test_the_way_out_is_reached_by_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    press_until(page, "#nav-sidebar-inner > div:last-child > [role=button]")
    page.keyboard.press("Enter")
    page.locator("#logout-form").wait_for(state="visible")
    press_until(page, "#logout-form button", key="Shift+Tab", most=20)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/console/")
    assert page.title() == "Log in | Daybook"


def test_a_record_is_found_from_every_page(page: Page, shop: Shop) -> None:
    sign_in(page, shop)
    page.fill("#find", "INV-000001")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".head-title h2").inner_text() == "INV-000001"


def test_a_telephone_shows_it_too(page: Page, shop: Shop) -> None:
    """Nothing is wider than the screen."""
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, shop)
    for path in ("/console/", "/console/billing/invoice/", "/console/ledger/trial-balance/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
