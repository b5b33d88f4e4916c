// What is left out of the board, kept in the address so that it can be sent to somebody.
import { byId, put, show, tell } from "./nodes.js";
import { isLate } from "./words.js";

const plain = (text) => text.replace(/[^0-9a-z]/gi, "").toUpperCase();

export class Filters {
  #form = byId("filters");
  #late = byId("late");
  #listener;
  #wanted = { store: "", courier: "" };

  constructor(listener) {
    this.#listener = listener;
    this.#read();
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#changed());
    this.#late.addEventListener("click", () => this.set({ late: !this.late }));
    byId("clear-filters").addEventListener("click", () => this.clear());
    window.addEventListener("popstate", () => { this.#read(); this.#listener(); });
  }

  get store() { return this.#wanted.store; }
  get courier() { return this.#wanted.courier; }
  get query() { return plain(this.#form.elements.q.value); }
  get late() { return this.#late.getAttribute("aria-pressed") === "true"; }
  get isActive() { return Boolean(this.store || this.courier || this.query || this.late); }

  shows = (order) =>
    (!this.store || order.store_id === this.store) &&
    (!this.courier || order.courier_id === this.courier || order.offered_to.includes(this.courier)) &&
    (!this.query || plain(order.number).includes(this.query)) &&
    (!this.late || isLate(order));

  set({ store = this.store, courier = this.courier, late = this.late, query = this.#form.elements.q.value }) {
    this.#form.elements.q.value = query;
    this.#choose("store", store);
    this.#choose("courier", courier);
    tell(this.#late, "aria-pressed", String(late));
    this.#changed();
  }

  clear() {
    this.set({ store: "", courier: "", late: false, query: "" });
  }

  // The stores and couriers that there are to choose from.
  offer(board) {
    fill(this.#form.elements.store, board.stores.values(), this.store);
    fill(this.#form.elements.courier, board.couriers.values(), this.courier);
  }

  count(number) {
    put(byId("late-count"), `${number}`);
    this.#late.classList.toggle("is-any", number > 0);
  }

  #read() {
    const asked = new URLSearchParams(location.search);
    this.#form.elements.q.value = asked.get("q") ?? "";
    this.#choose("store", asked.get("store") ?? "");
    this.#choose("courier", asked.get("courier") ?? "");
    tell(this.#late, "aria-pressed", String(asked.has("late")));
    this.#draw();
  }

  // A choice from the address is kept until there is such an option: the board comes later than the page.
  #choose(name, id) {
    this.#wanted[name] = id;
    this.#form.elements[name].value = id;
    if (this.#form.elements[name].selectedIndex < 0) this.#form.elements[name].value = "";
  }

  #changed() {
    for (const name of ["store", "courier"]) {
      const chosen = this.#form.elements[name].value;
      const isUnknown = this.#wanted[name] && !hasOption(this.#form.elements[name], this.#wanted[name]);
      if (chosen || !isUnknown) this.#wanted[name] = chosen;
    }
    this.#draw();
    this.#write();
    this.#listener();
  }

  #draw() {
    show(byId("clear-filters"), this.isActive);
    for (const name of ["store", "courier"]) this.#form.elements[name].classList.toggle("is-set", Boolean(this.#wanted[name]));
  }

  #write() {
    const kept = { q: this.#form.elements.q.value.trim(), store: this.store, courier: this.courier, late: this.late ? "1" : "" };
    const search = new URLSearchParams(Object.entries(kept).filter(([, value]) => value)).toString();
    history.replaceState(null, "", search ? `?${search}` : location.pathname);
  }
}

const hasOption = (select, value) => [...select.options].some((option) => option.value === value);

function fill(select, rows, chosen) {
  const sorted = [...rows].sort((one, other) => one.name.localeCompare(other.name));
  const [all] = select.options;
  select.replaceChildren(all, ...sorted.map(({ id, name }) => new Option(name, id)));
  select.value = chosen;
  if (select.selectedIndex < 0) select.value = "";
}
