// What is known of the board: rows by id, taken from snapshots, events and answers. Says which rows have changed.
import { setClock } from "./clock.js";

export const COLUMNS = ["shop", "waiting", "to_store", "to_door", "problem"];
const COLUMN_OF = { created: "shop", paid: "shop", assigned: "to_store", picked_up: "to_door", failed: "problem" };
const BEFORE_PICKUP = new Set(["assigned"]);

export const columnOf = (order) => COLUMN_OF[order.status] ?? "waiting";
export const canBeGiven = (order) => order.status === "confirmed" || order.status === "assigned";
export const canBeTakenBack = (order) => BEFORE_PICKUP.has(order.status);
export const isOnline = (courier) => courier.status !== "offline";
export const room = (courier) => Math.max(0, courier.capacity - courier.order_ids.length);

export function compare(one, other) {
  if (columnOf(one) === "waiting") {
    return other.urgency - one.urgency || one.placed_at.localeCompare(other.placed_at) || (one.id < other.id ? -1 : 1);
  }
  const when = (order) => order.due_at ?? order.placed_at;
  return when(one).localeCompare(when(other)) || (one.id < other.id ? -1 : 1);
}

export class Board {
  orders = new Map();
  couriers = new Map();
  stores = new Map();
  sequence = null;
  #listener;

  constructor(listener) {
    this.#listener = listener;
  }

  forgetSequence() {
    this.sequence = null;
  }

  // A picture that was asked for before the latest event is older than what is here.
  takeSnapshot(data, sequence = data.sequence) {
    if (this.sequence !== null && sequence < this.sequence) return false;
    setClock(data.generated_at);
    this.sequence = sequence;
    const stores = replaced(this.stores, data.stores);
    this.#listener({
      orders: replaced(this.orders, data.orders, isNotOlder),
      couriers: replaced(this.couriers, data.couriers),
      stores: stores.size > 0,
    });
    return true;
  }

  takeEvent({ sequence, orders = [], gone = [], couriers = [] }) {
    const changed = put(this.orders, orders, isNotOlder);
    for (const id of gone) if (this.orders.delete(id)) changed.add(id);
    this.sequence = Math.max(this.sequence ?? 0, sequence);
    this.#listener({ orders: changed, couriers: put(this.couriers, couriers), stores: false });
  }

  takePositions(moves) {
    const known = moves.filter(({ id }) => this.couriers.has(id));
    const moved = known.map((move) => ({ ...this.couriers.get(move.id), ...move }));
    this.#listener({ orders: new Set(), couriers: put(this.couriers, moved), stores: false });
  }

  // What an answer says has been done is shown at once; the row itself follows, with a version that is not lower.
  takeResults(results, courierIdOf) {
    const done = results.filter(({ id, outcome }) => outcome === "done" && this.orders.has(id));
    const news = done.map(({ id, version }) => ({ order: this.orders.get(id), version, courierId: courierIdOf(id) }));
    const newer = news.filter(({ order, version }) => version === undefined || version > order.version);
    const orders = newer.map(({ order, version, courierId }) => given(order, courierId, version));
    const couriers = this.#loads(newer);
    this.#listener({ orders: put(this.orders, orders), couriers: put(this.couriers, couriers), stores: false });
  }

  #loads(news) {
    const loads = new Map();
    const load = (id) => loads.get(id) ?? loads.set(id, new Set(this.couriers.get(id).order_ids)).get(id);
    for (const { order, courierId } of news) {
      if (this.couriers.has(order.courier_id)) load(order.courier_id).delete(order.id);
      if (this.couriers.has(courierId)) load(courierId).add(order.id);
    }
    return [...loads].map(([id, ids]) => ({ ...this.couriers.get(id), order_ids: [...ids] }));
  }
}

function given(order, courierId, version) {
  const status = courierId ? "assigned" : "confirmed";
  return { ...order, status, courier_id: courierId, needs_courier: !courierId, offered_to: [], version: version ?? order.version };
}

const isNotOlder = (row, known) => row.version >= known.version;
const isSame = (row, known) => JSON.stringify(row) === JSON.stringify(known);

function put(rows, fresh, isTaken = () => true) {
  const changed = new Set();
  for (const row of fresh) {
    const known = rows.get(row.id);
    if (known && (!isTaken(row, known) || isSame(row, known))) continue;
    rows.set(row.id, row);
    changed.add(row.id);
  }
  return changed;
}

function replaced(rows, fresh, isTaken) {
  const changed = put(rows, fresh, isTaken);
  const kept = new Set(fresh.map(({ id }) => id));
  for (const id of [...rows.keys()]) {
    if (!kept.has(id)) {
      rows.delete(id);
      changed.add(id);
    }
  }
  return changed;
}
