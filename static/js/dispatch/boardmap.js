// The map beside the board: stores, couriers, and the doors of the orders that wait, are late or are selected.
import { seen, isStale, stateOf } from "./couriers.js";
import { byId, show } from "./nodes.js";
import { due } from "./words.js";

const DRAWN_EVERY_MS = 1000;

// A map that cannot be had leaves the board as it is.
export async function openMap(options) {
  try {
    const { createMap } = await import("../map.js");
    return new BoardMap(createMap(byId("map"), { tabs: false }), options);
  } catch (error) {
    console.error(error);
    show(byId("map-away"), true);
    return null;
  }
}

class BoardMap {
  #map;
  #board;
  #isShown;
  #selection;
  #stale = new Set(["store", "courier", "door"]);
  #timer = null;
  #hasFitted = false;

  constructor(map, { board, selection, isShown, onSelect }) {
    this.#map = map;
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

  drawNow() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#stale.add("door");
    this.#draw();
  }

  fit() {
    this.#map.fit();
  }

  #draw() {
    if (document.hidden || !byId("map").offsetParent) return;
    const draws = { store: () => this.#stores(), courier: () => this.#couriers(), door: () => this.#doors() };
    for (const kind of this.#stale) this.#map.setMarkers(kind, draws[kind]());
    if (this.#stale.has("door") || this.#stale.has("courier")) this.#map.setRoute(this.#way());
    this.#stale.clear();
    if (!this.#hasFitted && this.#board.sequence !== null) {
      this.#hasFitted = true;
      this.#map.fit();
    }
  }

  #stores() {
    return [...this.#board.stores.values()].map(({ id, name, position }) => ({ id, position, label: name }));
  }

  #couriers() {
    const online = [...this.#board.couriers.values()].filter((courier) => stateOf(courier) !== "offline");
    return online.map((courier) => ({
      id: courier.id,
      position: courier.position,
      label: `${courier.name}, ${courier.order_ids.length} of ${courier.capacity}, ${seen(courier)}`,
      state: isStale(courier) ? "stale" : stateOf(courier),
      text: initials(courier.name),
      glides: true,
    }));
  }

  #doors() {
    const chosen = this.#chosen();
    const shown = [...this.#board.orders.values()].filter((order) => order.door && this.#isShown(order));
    return shown.map((order) => ({
      id: order.id,
      position: order.door,
      label: `${order.number}, ${due(order).words || "no time promised"}`,
      state: due(order).tone === "late" ? "late" : order.courier_id ? "has" : "waits",
      isSelected: chosen.has(order.id),
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
