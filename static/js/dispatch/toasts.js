// What has come of what was done: said aloud, and shown until it has been read.
import { byId, cloneOf, icon } from "./nodes.js";

const SHOWN_MS = 15_000;
const MOST = 4;

// Refusals stay until somebody puts them away; what has gone well leaves by itself, but not from under the pointer.
export function toast({ words, lines = [], tone = "good", canBeUndone = false }) {
  const node = cloneOf("toast-template");
  node.dataset.tone = tone;
  icon(node.querySelector(".sign"), { good: "check", bad: "alert", undone: "undo" }[tone]);
  node.querySelector("p").textContent = words;
  node.querySelector("ul").append(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  node.querySelector(".close").addEventListener("click", () => node.remove());
  if (tone !== "bad") leaveLater(node);
  const shown = byId("toasts");
  while (shown.childElementCount >= MOST) shown.firstElementChild.remove();
  shown.append(node);
  const hasKeys = matchMedia("(pointer: fine)").matches;
  announce([words, ...lines].join(". ") + (canBeUndone && hasKeys ? ". Press Z to undo." : ""));
  return node;
}

export function dismissAll() {
  const shown = byId("toasts");
  const wereAny = shown.childElementCount > 0;
  shown.replaceChildren();
  return wereAny;
}

export function announce(words) {
  const line = byId("announcements");
  line.textContent = "";
  requestAnimationFrame(() => { line.textContent = words; });
}

function leaveLater(node) {
  const leave = () => (node.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : node.remove());
  setTimeout(leave, SHOWN_MS);
}
