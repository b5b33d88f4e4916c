// Choosing a courier by name: whoever fits best stands first.
import { isStale, seen, stateOf, VEHICLES } from "./couriers.js";
import { isOnline, room } from "./model.js";
import { byId, cloneOf, icon, put, show } from "./nodes.js";
import { count, distance } from "./words.js";

const MOST_SHOWN = 60;
const EARTH_M = 6_371_000;
const RADIANS = Math.PI / 180;
const RANK = { fits: 0, narrow: 1, full: 2, offline: 3, foreign: 4, has: 5 };
const RANK_WORDS = { [RANK.offline]: "offline", [RANK.foreign]: "rides for other stores", [RANK.has]: "has it already" };

export function metresBetween([fromLat, fromLng], [toLat, toLng]) {
  const east = (toLng - fromLng) * RADIANS * Math.cos(((fromLat + toLat) / 2) * RADIANS);
  return EARTH_M * Math.hypot(east, (toLat - fromLat) * RADIANS);
}

export class Chooser {
  #board;
  #onChosen;
  #dialog = byId("chooser");
  #input = byId("chooser-name");
  #list = byId("chooser-list");
  #orders = [];
  #options = [];
  #at = 0;

  constructor(board, onChosen) {
    this.#board = board;
    this.#onChosen = onChosen;
    this.#input.addEventListener("input", () => this.#draw());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")?.dataset.id));
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#dialog.querySelector("button").addEventListener("click", () => this.#dialog.close());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  }

  open(orders) {
    this.#orders = orders;
    put(byId("chooser-title"), orders.length === 1 ? `Give ${orders[0].number} to` : `Give ${count(orders.length, "order")} to`);
    this.#input.value = "";
    this.#draw();
    this.#dialog.showModal();
    this.#input.focus();
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) {
      this.#goTo(Math.min(this.#options.length - 1, Math.max(0, this.#at + step)));
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(this.#options[this.#at]?.dataset.id);
    }
  }

  #choose(courierId) {
    if (!courierId) return;
    this.#dialog.close();
    this.#onChosen(this.#orders, courierId);
  }

  #draw() {
    const found = this.#found();
    this.#options = found.slice(0, MOST_SHOWN).map((candidate) => option(candidate));
    this.#list.replaceChildren(...this.#options);
    show(byId("chooser-empty"), found.length === 0);
    this.#goTo(0);
  }

  #goTo(index) {
    this.#options[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = index;
    const chosen = this.#options[index];
    chosen?.setAttribute("aria-selected", "true");
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.#input.setAttribute("aria-activedescendant", chosen.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #found() {
    const typed = this.#input.value.trim().toLocaleLowerCase();
    const store = this.#board.stores.get(this.#orders[0]?.store_id);
    return [...this.#board.couriers.values()]
      .map((courier) => this.#candidate(courier, { typed, store }))
      .filter(({ match }) => match < 3)
      .sort((one, other) => one.match - other.match || one.rank - other.rank || one.metres - other.metres
        || one.courier.name.localeCompare(other.courier.name));
  }

  #candidate(courier, { typed, store }) {
    const isKnown = courier.position && store?.position;
    const metres = isKnown ? metresBetween(courier.position, store.position) : Infinity;
    return { courier, metres, rank: this.#rank(courier), match: matchOf(courier.name.toLocaleLowerCase(), typed), store };
  }

  #rank(courier) {
    const wanted = this.#orders.filter(({ courier_id: id }) => id !== courier.id);
    if (!wanted.length) return RANK.has;
    if (courier.store_ids.length && wanted.some(({ store_id: id }) => !courier.store_ids.includes(id))) return RANK.foreign;
    if (!isOnline(courier)) return RANK.offline;
    if (stateOf(courier) === "full") return RANK.full;
    return room(courier) < wanted.length ? RANK.narrow : RANK.fits;
  }
}

// The beginning of the name, then of another word of it, then anything within it.
function matchOf(name, typed) {
  if (name.startsWith(typed)) return 0;
  if (name.split(/[\s-]+/).some((word) => word.startsWith(typed))) return 1;
  return name.includes(typed) ? 2 : 3;
}

function option({ courier, metres, rank, store }) {
  const node = cloneOf("option-template");
  node.id = `option-${courier.id}`;
  node.dataset.id = courier.id;
  node.dataset.state = stateOf(courier);
  icon(node.querySelector("svg"), courier.vehicle);
  node.querySelector(".name").textContent = courier.name;
  node.querySelector(".near").textContent = nearWords({ courier, metres, rank, store });
  node.querySelector(".load").textContent = `${courier.order_ids.length}/${courier.capacity}`;
  return node;
}

function nearWords({ courier, metres, rank, store }) {
  if (RANK_WORDS[rank]) return RANK_WORDS[rank];
  const where = Number.isFinite(metres) ? `${distance(metres)} from ${store.name}` : VEHICLES[courier.vehicle];
  return isStale(courier) ? `${where}, ${seen(courier)}` : where;
}
