// One order on the board. Made once, then only what differs is written.
import { cloneOf, icon, put, show, tell } from "./nodes.js";
import * as words from "./words.js";

const FLASH_MS = 1600;
const DUE = { late: "Late", soon: "Due soon, or will be late", calm: "Until it is due" };

export class Card {
  node = cloneOf("card-template");
  #part = (name) => this.node.querySelector(`.${name}`);
  #due = this.#part("due");
  #number = this.#part("number");
  #shop = this.#part("shop");
  #cash = this.#part("cash");
  #what = this.#part("what");
  #ready = this.#part("ready");
  #who = this.#part("who");
  #failure = this.#part("failure");
  #order;
  #flashing;

  constructor(order) {
    this.node.id = `order-${order.id}`;
    this.node.dataset.id = order.id;
    put(this.#number, order.number);
  }

  show(order, board, { flashes }) {
    const isNews = this.#order && this.#order.version !== order.version;
    this.#order = order;
    put(this.#shop, board.stores.get(order.store_id)?.name ?? "");
    put(this.#what, `${words.money(order.total, order.currency)} · ${words.count(order.items, "item")}`);
    show(this.#cash, order.payment_method === "cash");
    this.#showWho(board);
    this.#showFailure();
    this.tick();
    if (isNews && flashes) this.flash();
  }

  // What time alone changes.
  tick() {
    const { tone, words: left } = words.due(this.#order);
    put(this.#due, left);
    tell(this.#due, "title", DUE[tone] ?? "");
    tell(this.node, "data-due", tone);
    const isWaited = this.#order.status !== "picked_up" && this.#order.status !== "failed";
    const ready = isWaited ? words.ready(this.#order) : "";
    put(this.#ready, ready);
    tell(this.#ready, "title", this.#order.status === "confirmed" && !this.#order.is_ready ? `Ready ${ready}` : "");
    this.#ready.classList.toggle("is-ready", ready === words.READY);
    if (this.#order.failure) put(this.#part("why"), words.failure(this.#order.failure));
  }

  select(isSelected, isCurrent) {
    tell(this.node, "aria-selected", String(isSelected));
    tell(this.node, "tabindex", isCurrent ? "0" : "-1");
  }

  wait(isWaiting) {
    this.node.classList.toggle("is-waiting", isWaiting);
    tell(this.node, "aria-busy", String(isWaiting));
  }

  flash() {
    clearTimeout(this.#flashing);
    this.node.dataset.flash = "";
    this.#flashing = setTimeout(() => delete this.node.dataset.flash, FLASH_MS);
  }

  #showWho(board) {
    const { courier_id: courierId, offered_to: offered } = this.#order;
    const nameOf = (id) => board.couriers.get(id)?.name ?? "a courier";
    const vehicle = board.couriers.get(courierId)?.vehicle ?? "user";
    show(this.#who, Boolean(courierId || offered.length));
    tell(this.#who, "data-kind", courierId ? "has" : "asked");
    icon(this.#who.querySelector("svg"), courierId ? vehicle : "clock");
    put(this.#who.lastElementChild, courierId ? nameOf(courierId) : `Asked ${words.names(offered.map(nameOf), 2)}`);
  }
  // What becomes of it is decided on its own page.
  #showFailure() {
    const { failure, url } = this.#order;
    show(this.#failure, Boolean(failure));
    if (failure) tell(this.#failure.querySelector("a"), "href", url);
  }
}
