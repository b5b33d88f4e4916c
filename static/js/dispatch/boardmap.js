// The map beside the board: stores, couriers, and the doors of the orders that wait, are late or are selected.
import "./flat.js";
import { createMap } from "../map.js";
import { seen, isStale, stateOf } from "./couriers.js";
import { byId, show } from "./nodes.js";
import { due } from "./words.js";

const DRAWN_EVERY_MS = 1000;
const DOT_PX = 6;
const SMALL_DOT_PX = 4;
// From so many on, they would hide each other: couriers lose their initials, doors are small.
const CROWD = { couriers: 60, doors: 150 };

// A map that cannot be had leaves the board as it is.
export function openMap(options) {
  try {
    const map = createMap(byId("map"), { tabs: false });
    return new BoardMap(map, new Dots(map.leaflet, (id) => options.onSelect({ kind: "door", id })), options);
  } catch (error) {
    console.error(error);
    show(byId("map-away"), true);
    return null;
  }
}

// Doors are dots on one canvas: as elements they would be most of the page.
class Dots {
  #L = globalThis.L;
  #map;
  #canvas;
  #dots = new Map();
  #onSelect;

  constructor(leaflet, onSelect) {
    this.#map = leaflet;
    this.#canvas = this.#L.canvas({ padding: 0.2 });
    this.#onSelect = onSelect;
  }

  set(items) {
    const colours = coloursOf(document.documentElement);
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, dot] of this.#dots) if (!ids.has(id)) this.#remove(id, dot);
    const radius = items.length > CROWD.doors ? SMALL_DOT_PX : DOT_PX;
    for (const item of items) this.#put(item, { colours, radius });
  }

  #remove(id, dot) {
    dot.remove();
    this.#dots.delete(id);
  }

  #put({ id, position, label, state }, { colours, radius }) {
    if (!this.#dots.has(id)) this.#dots.set(id, this.#added(id, position));
    const dot = this.#dots.get(id);
    const look = `${colours[state]} ${colours.edge} ${radius}`;
    dot.label = label;
    if (!dot.getLatLng().equals(position)) dot.setLatLng(position);
    if (dot.look === look) return;
    dot.look = look;
    dot.setStyle({ fillColor: colours[state], color: colours.edge, radius });
  }

  #added(id, position) {
    const dot = this.#L.circleMarker(position, { renderer: this.#canvas, weight: 2, fillOpacity: 1 });
    dot.on("click", () => this.#onSelect(id));
    dot.bindTooltip(() => Object.assign(document.createElement("span"), { textContent: dot.label }), { direction: "top" });
    return dot.addTo(this.#map);
  }
}

function coloursOf(root) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(name).trim();
  return { late: colour("--problem"), waits: colour("--waiting"), has: colour("--to-door"), edge: colour("--paper") };
}

class BoardMap {
  #map;
  #dots;
  #board;
  #isShown;
  #selection;
  #stale = new Set(["store", "courier", "door"]);
  #timer = null;
  #hasFitted = false;

  constructor(map, dots, { board, selection, isShown, onSelect }) {
    this.#map = map;
    this.#dots = dots;
    this.#board = board;
    this.#selection = selection;
    this.#isShown = isShown;
    map.onSelect(onSelect);
    new ResizeObserver(() => map.leaflet?.invalidateSize({ debounceMoveend: true })).observe(byId("map"));
  }

  // At most once a second, and only while somebody could see it.
  draw(...kinds) {
    for (const kind of kinds) this.#stale.add(kind);
    this.#timer ??= setTimeout(() => { this.#timer = null; this.#draw(); }, this.#hasFitted ? DRAWN_EVERY_MS : 0);
  }

  #draw() {
    if (document.hidden || !byId("map").offsetParent) return;
    if (this.#stale.has("store")) this.#map.setMarkers("store", this.#stores());
    if (this.#stale.has("courier")) this.#map.setMarkers("courier", this.#couriers());
    if (this.#stale.has("door")) this.#drawDoors();
    if (this.#stale.has("door") || this.#stale.has("courier")) this.#map.setRoute(this.#way());
    this.#stale.clear();
    if (!this.#hasFitted && this.#board.sequence !== null) {
      this.#hasFitted = true;
      this.#fit();
    }
  }

  #fit() {
    const rows = [...this.#board.stores.values(), ...this.#board.couriers.values()];
    const places = [...rows.map(({ position }) => position), ...[...this.#board.orders.values()].map(({ door }) => door)];
    const known = places.filter(Boolean);
    if (known.length) this.#map.leaflet.fitBounds(known, { padding: [24, 24], maxZoom: 16 });
  }

  #stores() {
    return [...this.#board.stores.values()].map(({ id, name, position }) => ({ id, position, label: name }));
  }

  #couriers() {
    const online = [...this.#board.couriers.values()].filter((courier) => stateOf(courier) !== "offline");
    byId("map").classList.toggle("is-crowded", online.length > CROWD.couriers);
    return online.map((courier) => ({
      id: courier.id,
      position: courier.position,
      label: `${courier.name}, ${courier.order_ids.length} of ${courier.capacity}, ${seen(courier)}`,
      state: isStale(courier) ? "stale" : stateOf(courier),
      text: initials(courier.name),
    }));
  }

  #drawDoors() {
    const chosen = this.#chosen();
    const doors = this.#doors();
    this.#dots.set(doors);
    this.#map.setMarkers("door", doors.filter(({ id }) => chosen.has(id)).map((door) => ({ ...door, isSelected: true })));
  }

  #doors() {
    const shown = [...this.#board.orders.values()].filter((order) => order.door && this.#isShown(order));
    return shown.map((order) => ({
      id: order.id,
      position: order.door,
      label: `${order.number}, ${due(order).words || "no time promised"}`,
      state: due(order).tone === "late" ? "late" : order.courier_id ? "has" : "waits",
    }));
  }

  // What is selected, and where the keyboard is.
  #chosen() {
    const focused = document.activeElement?.closest(".card")?.dataset.id;
    return new Set([...this.#selection.ids, ...(focused ? [focused] : [])]);
  }

  // From where the courier is, by the store while the goods are there, to the door.
  #way() {
    const order = this.#board.orders.get(this.#selection.current);
    if (!order || !this.#chosen().has(order.id)) return null;
    const courier = this.#board.couriers.get(order.courier_id)?.position;
    const store = order.status === "picked_up" ? null : this.#board.stores.get(order.store_id)?.position;
    return [courier, store, order.door].filter(Boolean);
  }
}

const initials = (name) => name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
