// A page that says so (`data-ours-again-after`, in seconds) looks again by itself, part by part, and tells how old it is.

const page = document.querySelector("[data-ours-again-after]");
const looked = page.querySelector("[data-ours-looked]");
const trouble = looked.parentElement.querySelector("[role=status]");
const everyMs = page.dataset.oursAgainAfter * 1000;
const STALE_AFTER_MS = 3 * everyMs;
const HELD = "[data-ours-held]:is(:hover, :focus-within)";

let madeAt = Date.now() - looked.dataset.oursLooked * 1000;
let timer;

class Trouble extends Error {}

async function look() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      renew(await fresh());
      trouble.textContent = "";
    } catch (error) {
      trouble.replaceChildren(...told(error));
    }
  }
  tell();
  timer = setTimeout(look, everyMs);
}

async function fresh() {
  const url = page.dataset.oursAgainFrom ?? location.href;
  const answer = await fetch(url, { signal: AbortSignal.timeout(Math.max(everyMs, 5000)) });
  if (answer.redirected) throw new Trouble("signed out");
  if (!answer.ok) throw new Trouble(`The site answers with ${answer.status}.`);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-ours-again-after]");
  if (!found) throw new Trouble("The site answers with another page.");
  return found;
}

function renew(found) {
  const held = page.querySelector(HELD);
  for (const part of page.querySelectorAll("[data-ours-part]")) {
    const next = found.querySelector(`[data-ours-part="${part.dataset.oursPart}"]`);
    if (next && part !== held) exchange(part, next);
  }
  if (held) return; // A button under the hand must not move. What is held still is as old as it was.
  madeAt = Date.now() - found.querySelector("[data-ours-looked]").dataset.oursLooked * 1000;
}

function exchange(part, next) {
  for (const details of part.querySelectorAll("details[id]")) {
    next.querySelector(`#${details.id}`)?.toggleAttribute("open", details.open);
  }
  if (part.isEqualNode(next)) return;
  const focused = part.contains(document.activeElement) ? place(document.activeElement) : null;
  part.replaceWith(next);
  if (focused) next.querySelector(focused)?.focus({ preventScroll: true });
}

// What the keyboard stands on, so that it stands there again.
function place(element) {
  if (element.matches("summary")) return `#${element.parentElement.id} > summary`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

function told(error) {
  if (error.message === "signed out") {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "sign in again";
    return ["You are signed out: ", link, "."];
  }
  return [error instanceof Trouble ? error.message : "The site does not answer."];
}

function tell() {
  const age = Date.now() - madeAt;
  page.classList.toggle("ours-stale", age > STALE_AFTER_MS && trouble.textContent !== "");
  looked.textContent = `As of ${ago(Math.max(0, Math.round(age / 1000)))}`;
}

function ago(seconds) {
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}

setInterval(tell, 1000);
timer = setTimeout(look, everyMs);
document.addEventListener("visibilitychange", look);
window.addEventListener("online", look);
