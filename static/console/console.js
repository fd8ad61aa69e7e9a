// What unfold opens by a click on a bare element can be reached and opened by keyboard too.
window.addEventListener("DOMContentLoaded", () => {
  const clickable = "[x-on\\:click]:not(a[href], button, input, select, textarea, #changelist-filter-close)";
  for (const element of document.querySelectorAll(clickable)) {
    if (element.closest("button, a[href]")) continue;
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.addEventListener("keydown", (event) => {
      if (event.target === element && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        element.click();
      }
    });
  }
});

// Unfold hides the page until its scripts have run, so the browser could not yet focus what asks for it.
window.addEventListener("load", () => {
  if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
});
