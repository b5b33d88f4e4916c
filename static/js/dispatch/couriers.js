// The list of couriers: who has room, and when each was last seen.
import { now } from "./clock.js";
import { isOnline, room } from "./model.js";
import { arrange, byId, cloneOf, icon, put, show, tell } from "./nodes.js";
import { age, count } from "./words.js";

const STALE_SECONDS = 120;
const MOST_PIPS = 6;

export const VEHICLES = { foot: "on foot", bicycle: "bicycle", cargo_bike: "cargo bike", scooter: "scooter", car: "car" };

const GROUPS = { free: 0, full: 1, offline: 2 };

export function stateOf(courier) {
  if (!isOnline(courier)) return "offline";
  return courier.status === "busy" || room(courier) === 0 ? "full" : "free";
}

const compare = (one, other) =>
  GROUPS[stateOf(one)] - GROUPS[stateOf(other)] || one.name.localeCompare(other.name) || (one.id < other.id ? -1 : 1);

export function seen(courier) {
  return courier.recorded_at ? `seen ${age(courier.recorded_at)} ago` : "never seen";
}

class Row {
  node = cloneOf("courier-template");
  #part = (name) => this.node.querySelector(name);
  #name = this.#part(".only");
  #seen = this.#part(".seen");
  #courier;

  constructor(courier) {
    this.node.dataset.id = courier.id;
    this.node.dataset.drop = "";
  }

  get name() {
    return this.#courier.name;
  }

  show(courier) {
    this.#courier = courier;
    const load = courier.order_ids.length;
    put(this.#name, courier.name);
    tell(this.#seen, "datetime", courier.recorded_at ?? "");
    tell(this.node, "data-state", stateOf(courier));
    icon(this.#part(".face svg"), courier.vehicle);
    put(this.#part(".numbers"), `${load}/${courier.capacity}`);
    tell(this.#part(".load"), "title", `${load} of ${count(courier.capacity, "order")}`);
    tell(this.#part(".give"), "aria-label", `Give to ${courier.name}`);
    show(this.#part("a"), courier.url !== null);
    tell(this.#part("a"), "href", courier.url ?? "");
    showPips(this.#part(".pips"), load, courier.capacity);
    this.tick();
  }

  tick() {
    put(this.#seen, isOnline(this.#courier) ? seen(this.#courier) : "offline");
    this.node.classList.toggle("is-stale", isOnline(this.#courier) && isStale(this.#courier));
  }

  single(isOnly) {
    tell(this.#name, "aria-pressed", String(isOnly));
    this.node.classList.toggle("is-only", isOnly);
  }
}

export function isStale(courier) {
  return !courier.recorded_at || Date.parse(courier.recorded_at) < now() - STALE_SECONDS * 1000;
}

export function showPips(node, load, capacity) {
  const number = Math.min(MOST_PIPS, Math.max(capacity, load));
  while (node.childElementCount < number) node.append(document.createElement("i"));
  while (node.childElementCount > number) node.lastElementChild.remove();
  [...node.children].forEach((pip, index) => pip.classList.toggle("is-taken", index < load));
}

export class Couriers {
  rows = new Map();
  current = null;
  #board;
  #list = byId("people");
  #which = "online";
  #name = "";
  #only = null;
  #sorted = [];

  constructor(board) {
    this.#board = board;
  }

  update(ids) {
    const changed = new Set();
    for (const id of ids) {
      const courier = this.#board.couriers.get(id);
      if (!courier) this.#remove(id);
      else changed.add(this.#row(courier).node);
    }
    this.#sorted = [...this.#board.couriers.values()].sort(compare);
    arrange(this.#list, this.#sorted.map(({ id }) => this.rows.get(id).node), changed);
    this.#filter();
  }

  // Who is shown: by what the buttons say, and by name.
  choose({ which = this.#which, name = this.#name }) {
    this.#which = which;
    this.#name = name.toLocaleLowerCase();
    this.#filter();
  }

  only(id) {
    this.rows.get(this.#only)?.single(false);
    this.#only = id;
    this.rows.get(id)?.single(true);
    this.#filter();
  }

  tick() {
    for (const row of this.rows.values()) row.tick();
  }

  shown() {
    return this.#sorted.map(({ id }) => id).filter((id) => !this.rows.get(id).node.hidden);
  }

  goTo(id) {
    if (this.rows.has(this.current)) this.rows.get(this.current).node.tabIndex = -1;
    this.current = id;
    if (this.rows.has(id)) this.rows.get(id).node.tabIndex = 0;
  }

  #row(courier) {
    if (!this.rows.has(courier.id)) this.rows.set(courier.id, new Row(courier));
    const row = this.rows.get(courier.id);
    row.show(courier);
    if (courier.id === this.#only) row.single(true);
    return row;
  }

  #remove(id) {
    this.rows.get(id)?.node.remove();
    this.rows.delete(id);
  }

  #filter() {
    const isWanted = { all: () => true, online: isOnline, free: (courier) => stateOf(courier) === "free" }[this.#which];
    for (const courier of this.#sorted) {
      const isNamed = courier.name.toLocaleLowerCase().includes(this.#name);
      show(this.rows.get(courier.id).node, courier.id === this.#only || (isNamed && isWanted(courier)));
    }
    this.#tell();
  }

  #tell() {
    const shown = this.shown();
    if (!shown.includes(this.current)) this.goTo(shown[0] ?? null);
    const free = this.#sorted.filter((courier) => stateOf(courier) === "free").length;
    put(byId("couriers-count"), `${free} of ${this.#sorted.filter(isOnline).length} free`);
    show(byId("people-empty"), shown.length === 0);
    put(byId("people-empty"), this.#name ? "Nobody of that name." : this.#which === "free" ? "Nobody is free." : "Nobody is online.");
  }
}
