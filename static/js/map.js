// The map of every page: Leaflet, with markers of our own and a base layer by setting. Nothing inline, so it needs no
// exception from a strict content security policy. The page links css/map.css and vendor/leaflet/leaflet.css.

import "../vendor/leaflet/leaflet.js";

const L = globalThis.L;
const SVG = "http://www.w3.org/2000/svg";
const NEAREST_ZOOM = 16;
const SIZE = 36;

const STROKES = {
  store: "M4 10v10h16V10M3 9l2-5h14l2 5a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0M10 20v-5h4v5",
  door: "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
  courier: "M9 16a4 4 0 1 1-8 0 4 4 0 0 1 8 0M23 16a4 4 0 1 1-8 0 4 4 0 0 1 8 0M5 16l4-8h6l4 8M9 8l4 8 3-7M7 8h3M15 8V5h3",
  order: "M5 8h14l1 12H4zM9 8V6a3 3 0 0 1 6 0v2",
};

// How the page says it: <div data-tile-url="…" data-tile-attribution="…">. Without a URL there is a plain grid.
export function tilesOf(element) {
  const { tileUrl, tileAttribution } = element.dataset;
  return tileUrl ? { url: tileUrl, attribution: tileAttribution ?? "" } : null;
}

// `tiles`: {url, attribution}, or null. `yields`: the page scrolls on under a finger or a wheel (a map within a page).
// `words`: {zoomIn, zoomOut}. `tabs`: whether the Tab key stops at markers; not where there are hundreds, which the page
// lists as well. Positions are [latitude, longitude].
//
// A marker is {id, position, label} and perhaps text (instead of the picture), state (class map-is-<state>),
// isSelected and glides (moves there instead of jumping). Markers with the id of an earlier one of their kind move it.
export function createMap(element, { tiles = tilesOf(element), yields = false, words = {}, tabs = true } = {}) {
  element.classList.add("map");
  const map = L.map(element, {
    ...motion(),
    zoomControl: false,
    attributionControl: false,
    scrollWheelZoom: !yields,
    dragging: !(yields && L.Browser.mobile),
    keyboardPanDelta: 60,
    zoomSnap: tiles ? 1 : 0.5,
  }).setView([0, 0], 2);
  L.control.zoom({ zoomInTitle: words.zoomIn ?? "Zoom in", zoomOutTitle: words.zoomOut ?? "Zoom out" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  // Not before it is known what is looked at: nobody wants the tiles of the whole world.
  map.once("moveend", () => baseLayer(map, tiles));
  holdGlidesWhileZooming(map);

  const kinds = new Map();
  const listeners = [];
  let route = null;
  let isMovedByHand = false;
  map.on("dragstart keydown", () => { isMovedByHand = true; });
  element.addEventListener("wheel", () => { isMovedByHand = !yields; }, { passive: true });
  element.addEventListener("click", (event) => {
    if (event.target.closest(".leaflet-control-zoom")) isMovedByHand = true;
  });

  function setMarkers(kind, items) {
    const held = kinds.get(kind) ?? new Map();
    kinds.set(kind, held);
    const placed = items.filter((item) => item.position);
    const ids = new Set(placed.map((item) => item.id));
    for (const [id, one] of held) {
      if (!ids.has(id)) {
        one.marker.remove();
        held.delete(id);
      }
    }
    for (const item of placed) {
      if (!held.has(item.id)) held.set(item.id, newMarker(kind, item, { select, tabs }).addTo(map));
      held.get(item.id).show(item, listeners.length > 0);
    }
  }

  function select(kind, id) {
    for (const listener of listeners) listener({ kind, id });
  }

  // Dotted what is as the crow flies, drawn through what is known to be `road`.
  function setRoute(straight, road) {
    route?.remove();
    const lines = [newLine(straight, "map-route"), newLine(road, "map-route map-road")].filter(Boolean);
    route = lines.length ? L.featureGroup(lines).addTo(map) : null;
  }

  // `gently`: not when somebody has moved the map to look at something, nor when everything is in view.
  function fit({ gently = false } = {}) {
    const bounds = L.latLngBounds([]);
    if (route) bounds.extend(route.getBounds());
    for (const held of kinds.values()) for (const one of held.values()) bounds.extend(one.marker.getLatLng());
    if (!bounds.isValid()) return;
    if (gently && (isMovedByHand || map.getBounds().pad(-0.05).contains(bounds))) return;
    isMovedByHand = false;
    map.fitBounds(bounds, { padding: [SIZE * 1.2, SIZE * 1.2], maxZoom: NEAREST_ZOOM });
  }

  function onSelect(listener) {
    listeners.push(listener);
    for (const held of kinds.values()) for (const one of held.values()) one.show(one.item, true);
  }

  return { setMarkers, setRoute, fit, onSelect, leaflet: map };
}

function motion() {
  const isQuiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return { zoomAnimation: !isQuiet, fadeAnimation: !isQuiet, inertia: !isQuiet };
}

function baseLayer(map, tiles) {
  if (!tiles) {
    const grid = L.gridLayer();
    grid.createTile = () => L.DomUtil.create("div", "map-cell");
    grid.addTo(map);
    return;
  }
  // The page's address may be a secret: tile servers learn whose site asks, not which page.
  L.tileLayer(tiles.url, { maxZoom: 19, referrerPolicy: "origin" }).addTo(map);
  if (tiles.attribution) L.control.attribution({ prefix: false }).addAttribution(tiles.attribution).addTo(map);
}

// A zoom moves every marker by other means; one that glided as well would swim.
function holdGlidesWhileZooming(map) {
  const box = map.getContainer();
  map.on("zoomstart", () => box.classList.add("map-zooming"));
  map.on("zoomend", () => requestAnimationFrame(() => requestAnimationFrame(() => box.classList.remove("map-zooming"))));
}

function newLine(points, className) {
  return points && points.length > 1 ? L.polyline(points, { className, interactive: false }) : null;
}

function newMarker(kind, item, { select, tabs }) {
  const body = document.createElement("div");
  const icon = L.divIcon({ html: body, className: "map-marker", iconSize: [SIZE, SIZE] });
  // By keyboard too: the element is made a button below, where somebody listens.
  const marker = L.marker(item.position, { icon, keyboard: false, riseOnHover: true });
  const one = { marker, item, addTo, show };
  marker.on("click", () => select(kind, one.item.id));
  // As an element: Leaflet takes a string for markup, and a label may be anybody's words.
  marker.bindTooltip(() => textElement(one.item.label), { direction: "top", offset: [0, -SIZE / 2] });

  function addTo(map) {
    marker.addTo(map);
    marker.getElement().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      if (marker.getElement().role === "button") select(kind, one.item.id);
    });
    return one;
  }

  function show(next, isButton) {
    one.item = next;
    const element = marker.getElement();
    marker.setLatLng(next.position);
    marker.setZIndexOffset(next.isSelected ? 1000 : 0);
    element.classList.toggle("map-glides", Boolean(next.glides));
    setAttribute(element, "role", isButton ? "button" : "img");
    setAttribute(element, "aria-label", next.label);
    if (isButton) {
      element.tabIndex = tabs ? 0 : -1;
      setAttribute(element, "aria-pressed", String(Boolean(next.isSelected)));
    }
    const className = ["map-pin", `map-${kind}`, next.state && `map-is-${next.state}`, next.isSelected && "map-is-selected"];
    draw(body, className.filter(Boolean).join(" "), next.text ?? "", kind);
  }

  return one;
}

function draw(body, className, text, kind) {
  if (body.className !== className) body.className = className;
  if (body.dataset.text === text) return;
  body.dataset.text = text;
  body.replaceChildren(text ? textElement(text) : picture(kind));
}

function textElement(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function picture(kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", STROKES[kind] ?? STROKES.order);
  svg.append(path);
  return svg;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
