// Sends the forms of the browsable API as JSON, with the headers the API asks for, and shows the answer in place.
"use strict";

const answer = document.getElementById("answer");

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function headersFor(form) {
  const headers = {
    Accept: "application/json",
    "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
  };
  if (form.elements.body) headers["Content-Type"] = "application/json";
  if ("needsKey" in form.dataset) headers["Idempotency-Key"] = freshKey();
  if ("needsMatch" in form.dataset && answer.dataset.etag) headers["If-Match"] = answer.dataset.etag;
  return headers;
}

async function send(form) {
  const body = form.elements.body ? form.elements.body.value : undefined;
  const response = await fetch(form.action, {
    method: form.dataset.method,
    headers: headersFor(form),
    body,
    credentials: "same-origin",
  });
  show(form, response, await response.text());
}

function show(form, response, text) {
  const url = new URL(form.action);
  answer.querySelector(".method").textContent = form.dataset.method;
  answer.querySelector("h2 code").textContent = url.pathname;
  answer.querySelector(".status-line").hidden = false;
  const status = answer.querySelector("[data-status]");
  status.textContent = `${response.status} ${response.statusText}`.trim();
  status.className = `pill ${response.ok ? "good" : "bad"}`;
  showHeaders(response);
  render(answer.querySelector("[data-json]"), pretty(text));
  const problem = form.querySelector("[data-problem]");
  problem.hidden = response.ok;
  problem.textContent = response.ok ? "" : reasonIn(text);
  if (response.ok) answer.scrollIntoView({ block: "start", behavior: "smooth" });
}

// An answer without an ETag is another object's or nobody's: the one on show keeps its own.
function showHeaders(response) {
  const etag = response.headers.get("ETag");
  if (etag && response.ok) answer.dataset.etag = etag;
  const shown = answer.querySelector("[data-headers]");
  shown.replaceChildren();
  for (const name of ["ETag", "Location", "Retry-After", "X-Request-ID"]) {
    const value = response.headers.get(name);
    if (!value) continue;
    const code = document.createElement(name === "Location" ? "a" : "code");
    code.textContent = value;
    if (name === "Location") code.href = value;
    shown.append(`${name} `, code, " ");
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function reasonIn(text) {
  try {
    const problem = JSON.parse(text);
    const places = (problem.errors || []).map(
      (each) => `${each.pointer || each.parameter || each.header || ""} ${each.detail}`.trim(),
    );
    return [problem.detail, ...places].join("\n");
  } catch {
    return "The answer was not JSON.";
  }
}

// Strings, keys and literals of JSON in their own colours; addresses become links.
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function render(target, text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, match.index), token(match));
    if (match[2]) parts.push(match[2]);
    end = match.index + match[0].length;
  }
  target.replaceChildren(...parts, text.slice(end));
}

function token(match) {
  const [whole, string, colon] = match;
  if (string && !colon && /^"https?:\/\//.test(string)) {
    const link = document.createElement("a");
    link.href = JSON.parse(string);
    link.textContent = string;
    return link;
  }
  const span = document.createElement("span");
  span.className = colon ? "key" : string ? "string" : "literal";
  span.textContent = string || whole;
  return span;
}

for (const form of document.querySelectorAll("form.request")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await send(form);
    } catch (error) {
      const problem = form.querySelector("[data-problem]");
      problem.hidden = false;
      problem.textContent = `The server could not be reached: ${error.message}`;
    } finally {
      button.disabled = false;
    }
  });
}

const shown = answer && answer.querySelector("[data-json]");
if (shown) render(shown, shown.textContent);
