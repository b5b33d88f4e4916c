"use strict";

// A second press of a button must not ask for the same thing again while the first is under way.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.ours-once")) return;
  for (const button of event.target.querySelectorAll("button[type=submit]")) button.disabled = true;
});

// Coming back with the browser's back button shows the page as it was left, its buttons disabled.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form.ours-once button[disabled]")) button.disabled = false;
});
