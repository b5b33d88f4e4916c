// The board's columns: each order in the one of its state, in order, hidden where the filters leave it out.
import { Card } from "./card.js";
import { COLUMNS, columnOf, compare } from "./model.js";
import { arrange, byId, cloneOf, put, show, tell } from "./nodes.js";
import { count } from "./words.js";

// A board on which everything lights up draws the eye to nothing.
const MOST_FLASHES = 20;
const TITLES = {
  shop: ["Waiting for the shop", "No order waits for its shop."],
  waiting: ["Needs a courier", "Every order has its courier."],
  to_store: ["Going to the store", "No courier is going to a store."],
  to_door: ["On the way", "No order is on its way."],
  problem: ["Problems", "Nothing has failed."],
};

export class Columns {
  cards = new Map();
  #board;
  #lists = new Map();
  #columnOfId = new Map();
  #isShown = () => true;
  #flashes = true;

  constructor(board) {
    this.#board = board;
    for (const key of COLUMNS) this.#lists.set(key, newColumn(key));
    byId("board").append(...[...this.#lists.values()].map(({ node }) => node));
    byId("jumps").append(...[...this.#lists.values()].map(({ jump }) => jump));
  }

  // Only these orders are looked at, and only their columns put in order.
  update(ids) {
    this.#flashes = ids.size <= MOST_FLASHES;
    const touched = new Set();
    const nodes = new Set();
    for (const id of ids) {
      touched.add(this.#columnOfId.get(id));
      touched.add(this.#place(id));
      if (this.cards.has(id)) nodes.add(this.cards.get(id).node);
    }
    touched.delete(undefined);
    const byColumn = this.#sorted(touched);
    for (const key of touched) this.#arrange(this.#lists.get(key), byColumn.get(key), nodes);
  }

  filter(isShown) {
    this.#isShown = isShown;
    for (const id of this.cards.keys()) this.#hideOrShow(id);
    for (const list of this.#lists.values()) this.#count(list);
  }

  tick() {
    for (const card of this.cards.values()) card.tick();
  }

  // The ids that are shown, column by column.
  shown() {
    return [...this.#lists.values()].map(({ sorted }) => sorted.filter((id) => this.isShown(id)));
  }

  isShown(id) {
    return this.cards.get(id)?.node.hidden === false;
  }

  // The Tab key stops once in each column: at the order where the keyboard is, or at the column itself.
  keepReachable(currentId) {
    const current = this.#columnOfId.get(currentId);
    for (const [key, list] of this.#lists) tell(list.cards, "tabindex", key === current ? "-1" : "0");
  }

  firstShown(cards) {
    return [...this.#lists.values()].find((list) => list.cards === cards)?.sorted.find((id) => this.isShown(id));
  }

  #place(id) {
    const order = this.#board.orders.get(id);
    if (!order) return this.#remove(id);
    if (!this.cards.has(id)) this.cards.set(id, new Card(order));
    this.cards.get(id).show(order, this.#board, { flashes: this.#flashes });
    this.#hideOrShow(id);
    this.#columnOfId.set(id, columnOf(order));
    return columnOf(order);
  }

  #remove(id) {
    this.cards.get(id)?.node.remove();
    this.cards.delete(id);
    this.#columnOfId.delete(id);
  }

  #hideOrShow(id) {
    const order = this.#board.orders.get(id);
    if (order) show(this.cards.get(id).node, this.#isShown(order));
  }

  #sorted(keys) {
    const byColumn = new Map([...keys].map((key) => [key, []]));
    for (const order of this.#board.orders.values()) byColumn.get(columnOf(order))?.push(order);
    for (const orders of byColumn.values()) orders.sort(compare);
    return byColumn;
  }

  #arrange(list, orders, changed) {
    list.sorted = orders.map(({ id }) => id);
    arrange(list.cards, list.sorted.map((id) => this.cards.get(id).node), changed);
    this.#count(list);
  }

  #count(list) {
    const all = list.sorted.length;
    const shown = list.sorted.filter((id) => this.isShown(id)).length;
    const words = shown === all ? `${all}` : `${shown} of ${all}`;
    put(list.count, words);
    put(list.jumpCount, words);
    show(list.empty, shown === 0);
    put(list.empty, all === 0 ? list.emptyWords : "None that the filters show.");
    tell(list.cards, "aria-label", `${list.title}, ${shown === all ? count(all, "order") : `${words} orders`}`);
  }
}

function newColumn(key) {
  const node = cloneOf("column-template");
  const [title, emptyWords] = TITLES[key];
  node.dataset.column = key;
  node.id = `column-${key}`;
  node.querySelector("h2").textContent = title;
  const jump = document.createElement("a");
  jump.href = `#column-${key}`;
  jump.dataset.column = key;
  jump.append(Object.assign(document.createElement("span"), { textContent: title }), document.createElement("b"));
  const parts = { cards: node.querySelector(".cards"), count: node.querySelector(".count"), empty: node.querySelector(".empty") };
  return { node, title, emptyWords, jump, jumpCount: jump.querySelector("b"), sorted: [], ...parts };
}
