// The dispatch console. The model tells what has changed; here that is drawn, once a frame, however much came at once.
import { openMap } from "./boardmap.js";
import { Columns } from "./columns.js";
import { Commands } from "./commands.js";
import { Console } from "./console.js";
import { Couriers } from "./couriers.js";
import { Dragging } from "./dragging.js";
import { Feed } from "./feed.js";
import { Filters } from "./filters.js";
import { Keyboard } from "./keyboard.js";
import { Board } from "./model.js";
import { byId, put, show, tell } from "./nodes.js";
import { Selection } from "./selection.js";
import { age, isLate } from "./words.js";

const dirty = { orders: new Set(), couriers: new Set(), stores: false };
let frame = 0;
let map = null;

const board = new Board(changed);
const columns = new Columns(board);
const couriers = new Couriers(board);
const selection = new Selection(showSelection);
const feed = new Feed(board, { onState: showFreshness });
const filters = new Filters(filter);
const commands = new Commands({
  board,
  feed,
  onWait: (ids, isWaiting) => ids.forEach((id) => columns.cards.get(id)?.wait(isWaiting)),
  onUndo: showUndo,
});
const dispatch = new Console({ board, columns, couriers, selection, filters, commands });

function changed({ orders, couriers: rows, stores }) {
  orders.forEach((id) => dirty.orders.add(id));
  rows.forEach((id) => dirty.couriers.add(id));
  dirty.stores ||= stores;
  // A page that nobody sees is given no frames, and still has to be right when it is looked at.
  if (document.hidden) draw();
  else frame ||= requestAnimationFrame(draw);
}

function draw() {
  cancelAnimationFrame(frame);
  frame = 0;
  const { orders, couriers: rows, stores } = { ...dirty };
  Object.assign(dirty, { orders: new Set(), couriers: new Set(), stores: false });
  const isRenamed = [...rows].some((id) => couriers.rows.get(id)?.name !== board.couriers.get(id)?.name);
  if (rows.size) couriers.update(rows);
  if (stores || isRenamed) filters.offer(board);
  const ids = stores || isRenamed ? new Set([...orders, ...board.orders.keys()]) : orders;
  if (ids.size) drawOrders(ids);
  if (stores) map?.draw("store");
  if (rows.size) map?.draw("courier");
  if (ids.size) map?.draw("door");
  tell(byId("board"), "aria-busy", String(board.sequence === null));
}

function drawOrders(ids) {
  const isInBoard = byId("board").contains(document.activeElement);
  const near = neighboursOf(selection.current);
  columns.update(ids);
  selection.forget([...selection.ids].filter((id) => !columns.isShown(id)));
  if (!columns.isShown(selection.current)) keepNear(near, isInBoard);
  columns.keepReachable(selection.current);
  dispatch.tellChosen();
  tellNumbers();
}

// Who works down a column goes on in it when the order they were at has left.
function keepNear(near, isInBoard) {
  const next = near.find((id) => columns.isShown(id));
  if (next) selection.goTo(next);
  dispatch.keepPlace();
  if (isInBoard && selection.current) dispatch.focusOrder(selection.current);
}

function neighboursOf(id) {
  const ids = columns.shown().find((shown) => shown.includes(id)) ?? [];
  const index = ids.indexOf(id);
  return [...ids.slice(index + 1), ...ids.slice(0, Math.max(0, index)).reverse()];
}

function tellNumbers() {
  const orders = [...board.orders.values()];
  const waiting = orders.filter((order) => order.needs_courier).length;
  filters.count(orders.filter(isLate).length);
  document.title = waiting ? `(${waiting}) Dispatch` : "Dispatch";
}

function showSelection(ids) {
  for (const id of ids) columns.cards.get(id)?.select(selection.ids.has(id), selection.current === id);
  columns.keepReachable(selection.current);
  dispatch.tellChosen();
  map?.draw("door");
}

function showUndo(words) {
  const hadFocus = document.activeElement === byId("undo");
  show(byId("undo"), words !== null);
  put(byId("undo-words"), words ?? "");
  if (hadFocus && words === null) dispatch.focusView();
}

function filter() {
  columns.filter(filters.shows);
  couriers.only(filters.courier || null);
  selection.forget([...selection.ids].filter((id) => !columns.isShown(id)));
  dispatch.keepPlace();
  map?.draw("door");
}

const FRESHNESS = {
  live: () => "Live",
  polling: (at) => `Updated ${age(at)} ago`,
  cut: (at) => `Cut off; as of ${age(at)} ago`,
  waiting: () => "Connecting",
  signed_out: (at) => (at ? `Signed out; as of ${age(at)} ago` : "Signed out"),
};

function showFreshness({ state, freshAt }) {
  const at = freshAt && new Date(freshAt).toISOString();
  tell(byId("freshness"), "data-state", state);
  put(byId("freshness-words"), FRESHNESS[state](at));
  show(byId("signed-out"), state === "signed_out");
}

function tick() {
  if (document.hidden) return;
  columns.tick();
  couriers.tick();
  tellNumbers();
  if (filters.late) filter();
}

// --- Pointer

byId("board").addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (card && !dragging.justEnded && !event.target.closest("a")) dispatch.point(card.dataset.id, event);
});
byId("board").addEventListener("dblclick", ({ target }) => {
  if (target.closest(".card") && !target.closest("a") && matchMedia("(pointer: fine)").matches) dispatch.openOrder();
});
byId("board").addEventListener("focusin", ({ target }) => {
  if (target.matches(".card")) selection.goTo(target.dataset.id);
  const first = target.matches(".cards") && columns.firstShown(target);
  if (first) dispatch.focusOrder(first, { scroll: true });
});
byId("people").addEventListener("click", ({ target }) => {
  const id = target.closest(".courier")?.dataset.id;
  if (!id) return;
  dispatch.pointCourier(id);
  if (target.closest(".give")) dispatch.giveSelected(id);
  else if (!target.closest("a")) dispatch.only(id);
});
const dragging = new Dragging(byId("board"), {
  ordersFor: (id) => dispatch.rows(selection.ids.has(id) ? [...selection.ids] : [id]),
  onDrop: (orders, target) => dispatch.give(orders, target.dataset.id),
});

byId("give").addEventListener("click", () => dispatch.chooseCourier());
byId("take-back").addEventListener("click", () => dispatch.takeBack());
byId("clear").addEventListener("click", () => selection.clear());
byId("undo").addEventListener("click", () => dispatch.undo());
byId("help").addEventListener("click", () => byId("keys").showModal());
byId("keys").addEventListener("click", ({ target }) => (target === byId("keys") || target.closest("button")) && byId("keys").close());
byId("keys").querySelector("form").addEventListener("submit", (event) => event.preventDefault());
byId("courier-search").addEventListener("input", ({ target }) => couriers.choose({ name: target.value.trim() }));
byId("courier-which").addEventListener("click", ({ target }) => {
  if (!target.dataset.which) return;
  for (const button of byId("courier-which").children) tell(button, "aria-pressed", String(button === target));
  couriers.choose({ which: target.dataset.which });
});
byId("views").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  document.body.dataset.view = button.dataset.view;
  for (const other of byId("views").children) tell(other, "aria-pressed", String(other === button));
  map?.draw("store", "courier", "door");
});
byId("jumps").addEventListener("click", (event) => {
  const jump = event.target.closest("a");
  if (!jump) return;
  event.preventDefault();
  byId(`column-${jump.dataset.column}`).scrollIntoView({ inline: "start", block: "nearest" });
});

new Keyboard(dispatch);
filter();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => { tick(); map?.draw("store", "courier", "door"); });
await feed.start();
// Where one column fills the screen, the one in which there is something to do.
if (matchMedia("(max-width: 820px)").matches) byId("column-waiting").scrollIntoView({ inline: "start", block: "nearest" });
map = openMap({
  board,
  selection,
  isShown: filters.shows,
  onSelect: ({ kind, id }) => {
    if (kind === "door") dispatch.focusOrder(id, { scroll: true });
    if (kind === "courier") dispatch.only(id);
    if (kind === "store") filters.set({ store: filters.store === id ? "" : id });
  },
});
map?.draw("store");
