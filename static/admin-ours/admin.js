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

// A page that says so looks again by itself, unless somebody is using it: a button under the hand must not move.
const WATCHED = "[data-ours-again-after]";

async function lookAgain(watched) {
  if (document.hidden || watched.matches(":focus-within")) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!watched.matches(":focus-within")) watched.replaceChildren(...page.querySelector(WATCHED).childNodes);
  } catch {
    // The site is away for a moment; the next look will tell.
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const watched = document.querySelector(WATCHED);
  if (watched) setInterval(lookAgain, watched.dataset.oursAgainAfter * 1000, watched);
});
