// The way of one order: its store, its door, and whoever brings it. While somebody does, the page asks how it goes on.

import { createMap } from "../js/map.js";
import { aheadOf, roadOf } from "../js/road.js";

const EVERY_MS = 5000;
const STALE_SECONDS = 300;
const box = document.querySelector("[data-order=map]");
const { store, storeLabel, door, doorLabel, courierLabel, live, status, zone } = box.dataset;
const positionOf = (text) => (text ? text.split(",").map(Number) : null);
const road = roadOf(box.dataset.road);

const map = createMap(box, { yields: true });
map.setMarkers("store", [{ id: "store", position: positionOf(store), label: storeLabel }]);
map.setMarkers("door", [{ id: "door", position: positionOf(door), label: doorLabel }]);
draw(positionOf(box.dataset.courier), "courierStale" in box.dataset);
map.fit();
if (live) setTimeout(look, EVERY_MS);

function draw(courier, isStale = false) {
  const isCarried = status === "picked_up";
  map.setMarkers("courier", [{ id: "courier", position: courier, label: courierLabel, glides: true, state: isStale ? "stale" : "" }]);
  if (!road.length) {
    map.setRoute([courier, isCarried && courier ? null : positionOf(store), positionOf(door)].filter(Boolean));
  } else if (isCarried && courier) {
    const ahead = aheadOf(road, courier);
    map.setRoute(ahead.straight, ahead.road);
  } else {
    map.setRoute(courier && [courier, positionOf(store)], road);
  }
}

async function look() {
  let isOver = false;
  if (!document.hidden) isOver = show(await delivery());
  if (!isOver) setTimeout(look, EVERY_MS);
}

async function delivery() {
  try {
    const answer = await fetch(live, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(EVERY_MS) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

// Whether there is nothing more to ask: the page itself is out of date then, and says so.
function show(found) {
  if (!found) {
    tell("seen", "the site does not answer; this is where they were last seen");
    return false;
  }
  if (found.status !== status) {
    moved(found.status);
    return true;
  }
  const position = found.courier?.position;
  if (position) {
    draw([position.latitude, position.longitude], position.age_seconds > STALE_SECONDS);
    map.fit({ gently: true });
    tell("seen", `seen ${ago(position.age_seconds)}`);
  }
  if (found.eta) tell("eta", clock(found.eta));
  return false;
}

function moved(to) {
  const notice = document.querySelector("[data-order=moved]");
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Show the page as it is now";
  notice.replaceChildren(`The order has moved on: ${to.replaceAll("_", " ")}. `, link, ".");
  notice.hidden = false;
}

function tell(what, text) {
  const element = document.querySelector(`[data-order=${what}]`);
  if (element && element.textContent !== text) element.textContent = text;
}

function clock(moment) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(new Date(moment));
}

function ago(seconds) {
  return seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}
