"use strict";

// As the Admin site keeps it (Alpine's `$persist`), so that its switch is this page's too. Read before anything is drawn.
const KEPT = "adminTheme";
const DARK = window.matchMedia("(prefers-color-scheme: dark)");

function keptTheme() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) || "auto";
  } catch {
    return "auto";
  }
}

function wearTheme() {
  const theme = keptTheme();
  const root = document.documentElement;
  root.classList.toggle("dark", theme === "dark" || (theme === "auto" && DARK.matches));
  root.dataset.theme = theme;
}

wearTheme();
DARK.addEventListener("change", wearTheme);
window.addEventListener("storage", (event) => event.key === KEPT && wearTheme());

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const icons = { light: "#i-sun", dark: "#i-moon", auto: "#i-system" };
  const next = { light: "dark", dark: "auto", auto: "light" };
  const draw = () => button.querySelector("use").setAttribute("href", icons[keptTheme()]);
  button.addEventListener("click", () => {
    localStorage.setItem(KEPT, JSON.stringify(next[keptTheme()]));
    wearTheme();
    draw();
  });
  draw();
});
