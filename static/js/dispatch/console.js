// What a dispatcher can do on the board: the same by pointer, by keyboard and by touch.
import { Chooser } from "./chooser.js";
import { canBeGiven, canBeTakenBack } from "./model.js";
import { byId, put, show, tell } from "./nodes.js";
import { announce, dismissAll, toast } from "./toasts.js";
import { count, money } from "./words.js";

export class Console {
  #board;
  #columns;
  #couriers;
  #selection;
  #filters;
  #commands;
  #chooser;

  constructor({ board, columns, couriers, selection, filters, commands }) {
    this.#board = board;
    this.#columns = columns;
    this.#couriers = couriers;
    this.#selection = selection;
    this.#filters = filters;
    this.#commands = commands;
    this.#chooser = new Chooser(board, (orders, courierId) => this.give(orders, courierId));
  }

  get mayDispatch() {
    return document.body.dataset.mayDispatch === "yes";
  }

  // The orders that an action is about, as they are now.
  get #subject() {
    return this.rows(this.#selection.subject);
  }

  rows(ids) {
    return ids.map((id) => this.#board.orders.get(id)).filter(Boolean);
  }

  // --- Giving and taking back

  async give(orders, courierId) {
    if (!this.mayDispatch) return this.#refuse();
    return this.#leaving(orders, () => this.#commands.give(orders, courierId));
  }

  chooseCourier() {
    if (!this.#subject.length) return undefined;
    if (!this.mayDispatch) return this.#refuse();
    return this.#chooser.open(this.#subject);
  }

  async takeBack() {
    if (!this.mayDispatch) return this.#refuse();
    const orders = this.#subject;
    return this.#leaving(orders, () => this.#commands.takeBack(orders));
  }

  // Afterwards the keyboard is at the next order of the column, not gone with those that have left it.
  async #leaving(orders, act) {
    const left = new Set(orders.map(({ id }) => id));
    const shown = this.#columns.shown().find((ids) => ids.some((id) => left.has(id))) ?? [];
    const from = shown.findIndex((id) => left.has(id));
    const next = [...shown.slice(from), ...shown.slice(0, from).reverse()].find((id) => !left.has(id));
    await act();
    this.#selection.clear();
    if (!next || !this.#columns.cards.has(next)) return;
    if (document.activeElement === document.body || byId("board").contains(document.activeElement)) this.focusOrder(next);
    else this.#selection.goTo(next);
  }

  undo() {
    return this.mayDispatch ? this.#commands.undo() : this.#refuse();
  }

  openOrder() {
    const [order] = this.#subject;
    if (order) window.open(order.url, "_blank", "noopener");
  }

  #refuse() {
    toast({ words: "You may look at the board, but not give orders to couriers.", tone: "bad" });
  }

  // --- Moving and selecting

  point(id, event) {
    const shown = this.#columns.shown().find((ids) => ids.includes(id)) ?? [];
    if (event.shiftKey) this.#selection.extendTo(id, shown);
    else if (event.ctrlKey || event.metaKey || event.target.closest(".tick") || isTouch(event)) this.#selection.toggle(id);
    else this.#selection.only(id);
    this.focusOrder(id);
  }

  focusOrder(id, { scroll = false } = {}) {
    this.#selection.goTo(id);
    const card = this.#columns.cards.get(id)?.node;
    if (!card) return;
    card.focus({ preventScroll: !scroll });
    if (scroll) card.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  move({ rows = 0, columns = 0, extends: isExtended = false }) {
    const shown = this.#columns.shown();
    const from = this.#selection.current;
    const column = shown.findIndex((ids) => ids.includes(from));
    if (column < 0) return this.focusBoard();
    const to = columns ? neighbour(shown, column, columns, shown[column].indexOf(from)) : within(shown[column], shown[column].indexOf(from) + rows);
    if (to === undefined) return undefined;
    this.focusOrder(to, { scroll: true });
    return isExtended ? this.#selection.extendTo(to, shown[column]) : undefined;
  }

  toggle() {
    if (this.#board.orders.has(this.#selection.current)) this.#selection.toggle(this.#selection.current);
  }

  selectColumn() {
    const shown = this.#columns.shown().find((ids) => ids.includes(this.#selection.current));
    if (shown) this.#selection.replace(shown);
  }

  focusBoard() {
    this.keepPlace();
    if (this.#selection.current) this.focusOrder(this.#selection.current, { scroll: true });
    else byId("board").focus();
  }

  // Where the keyboard goes on when what it was at is gone.
  focusView() {
    if (byId("board").checkVisibility()) this.focusBoard();
    else byId("views").querySelector(`[data-view="${document.body.dataset.view}"]`).focus();
  }

  // The keyboard is always at an order that is shown; first at the one that needs somebody most.
  keepPlace() {
    const shown = this.#columns.shown();
    const all = shown.flat();
    if (!all.includes(this.#selection.current)) this.#selection.goTo((shown[1].length ? shown[1] : all)[0] ?? null);
  }

  escape() {
    if (this.#selection.ids.size) return this.#selection.clear();
    if (dismissAll()) return undefined;
    return this.#filters.isActive ? this.#filters.clear() : undefined;
  }

  // --- Couriers

  focusCouriers() {
    document.body.dataset.view = document.body.dataset.view === "board" ? "board" : "couriers";
    this.#focusCourier(this.#couriers.current ?? this.#couriers.shown()[0]);
  }

  moveCourier(rows) {
    const shown = this.#couriers.shown();
    this.#focusCourier(within(shown, shown.indexOf(this.#couriers.current) + rows));
  }

  giveToCurrent() {
    this.giveSelected(this.#couriers.current);
  }

  giveSelected(courierId) {
    if (this.#selection.ids.size) return this.give(this.#subject, courierId);
    return announce("No order is selected.");
  }

  onlyCurrent() {
    this.only(this.#couriers.current);
  }

  onlyCourierOfOrder() {
    const courierId = this.#board.orders.get(this.#selection.current)?.courier_id;
    if (courierId) this.only(courierId);
  }

  only(courierId) {
    this.#filters.set({ courier: this.#filters.courier === courierId ? "" : courierId });
  }

  openCourier() {
    const courier = this.#board.couriers.get(this.#couriers.current);
    if (courier?.url) window.open(courier.url, "_blank", "noopener");
  }

  pointCourier(id) {
    this.#couriers.goTo(id);
  }

  #focusCourier(id) {
    if (!id) return;
    this.#couriers.goTo(id);
    this.#couriers.rows.get(id).node.focus();
  }

  // --- What is selected, at the foot of the board

  tellChosen() {
    const orders = this.rows([...this.#selection.ids]);
    document.body.classList.toggle("has-chosen", orders.length > 0 && this.mayDispatch);
    show(byId("chosen"), orders.length > 0);
    show(byId("hint"), orders.length === 0);
    if (!orders.length) return;
    put(byId("chosen-words"), orders.length === 1 ? orders[0].number : count(orders.length, "order"));
    put(byId("chosen-more"), total(orders));
    show(byId("open"), orders.length === 1);
    tell(byId("open"), "href", orders[0].url);
    show(byId("give"), this.mayDispatch);
    show(byId("take-back"), this.mayDispatch);
    put(byId("give").firstElementChild, orders.some(({ courier_id: id }) => id) ? "Move to…" : "Give to…");
    byId("give").disabled = !orders.some(canBeGiven);
    byId("take-back").disabled = !orders.some(canBeTakenBack);
  }
}

const isTouch = (event) => event.pointerType === "touch";

const within = (ids, index) => ids[Math.max(0, Math.min(ids.length - 1, index))];

function neighbour(columns, from, step, index) {
  for (let at = from + step; at >= 0 && at < columns.length; at += step) {
    if (columns[at].length) return within(columns[at], index);
  }
  return undefined;
}

function total(orders) {
  const [{ currency }] = orders;
  if (orders.some((order) => order.currency !== currency)) return "";
  return money(orders.reduce((sum, order) => sum + Number(order.total), 0), currency);
}
