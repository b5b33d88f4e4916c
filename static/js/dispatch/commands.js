// Giving orders to couriers, taking them back, and taking that back again. The server decides; here it is told what
// came of it, order by order.
import { toast } from "./toasts.js";
import { count, names } from "./words.js";

const GIVES_UP_MS = 20_000;
const MOST_ORDERS = 200;
// As long as the server takes it.
const UNDO_MS = 600_000;

class Refused extends Error {
  // `isFinal`: to ask again would be answered the same.
  constructor(words, { isFinal = false } = {}) {
    super(words);
    this.isFinal = isFinal;
  }
}

export class Commands {
  #board;
  #feed;
  #onWait;
  #onUndo;
  #undo = null;
  #isUndoing = false;
  #lapsing;

  // `onUndo` is told in words what can be undone, or null.
  constructor({ board, feed, onWait, onUndo }) {
    this.#board = board;
    this.#feed = feed;
    this.#onWait = onWait;
    this.#onUndo = onUndo;
  }

  // `orders` as they were when whoever gives them looked: what has happened to one since is a refusal, not overruled.
  give(orders, courierId) {
    const courier = this.#board.couriers.get(courierId);
    if (!courier || !orders.length) return undefined;
    const title = (number) => `${number} given to ${courier.name}`;
    return this.#do("assign", orders, { courier_id: courierId }, { title, courierIdOf: () => courierId });
  }

  takeBack(orders) {
    const title = (number) => `${number} taken back`;
    return orders.length ? this.#do("take-back", orders, {}, { title, courierIdOf: () => null }) : undefined;
  }

  // Offered until the server has decided on it: to undo twice changes nothing more.
  async undo() {
    const last = this.#undo;
    if (!last) return toast({ words: "There is nothing to undo.", tone: "undone" });
    if (this.#isUndoing) return undefined;
    this.#isUndoing = true;
    const title = (number) => `${number} as before`;
    const telling = { title, courierIdOf: (id) => last.courierIds.get(id), isUndo: true };
    const isDecided = await this.#send("undo", { undo: last.id }, last.ids, telling);
    this.#isUndoing = false;
    if (isDecided && this.#undo === last) this.#offer(null);
    return undefined;
  }

  #do(path, orders, body, telling) {
    if (orders.length > MOST_ORDERS) return toast({ words: `At most ${MOST_ORDERS} orders at once; nothing was changed.`, tone: "bad" });
    const seen = orders.map(({ id, version }) => ({ id, version }));
    return this.#send(path, { ...body, orders: seen }, orders.map(({ id }) => id), telling);
  }

  // Whether the server has decided.
  async #send(path, body, ids, { title, courierIdOf, isUndo = false }) {
    const courierIds = new Map(ids.map((id) => [id, this.#board.orders.get(id)?.courier_id ?? null]));
    const numbers = new Map(ids.map((id) => [id, this.#board.orders.get(id)?.number]));
    this.#onWait(ids, true);
    try {
      const { results, undo } = await post(path, body);
      this.#board.takeResults(results, courierIdOf);
      const told = this.#inWords(results, { title, numbers, isUndo });
      if (undo) this.#offer({ id: undo, ids, courierIds, words: told.words });
      toast({ ...told, canBeUndone: Boolean(undo) });
      return true;
    } catch (error) {
      toast({ words: error.message, tone: "bad" });
      return Boolean(error.isFinal);
    } finally {
      this.#onWait(ids, false);
      if (!this.#feed.isLive) this.#feed.resync();
    }
  }

  // What came to nothing leaves what was done before to be undone.
  #offer(last) {
    clearTimeout(this.#lapsing);
    this.#undo = last;
    this.#onUndo(last && last.words);
    if (last) this.#lapsing = setTimeout(() => this.#offer(null), UNDO_MS);
  }

  #inWords(results, { title, numbers, isUndo }) {
    const done = results.filter(({ outcome }) => outcome === "done");
    const refused = results.filter(({ outcome }) => outcome !== "done");
    const subject = (rows) => (rows.length === 1 ? numbers.get(rows[0].id) ?? "1 order" : count(rows.length, "order"));
    const lines = refused.slice(0, 6).map(({ id, message }) => `${numbers.get(id) ?? "An order"}: ${message}`);
    if (refused.length > 6) lines.push(`and ${names(refused.slice(6).map(({ id }) => numbers.get(id) ?? "another"))}`);
    return {
      words: done.length ? title(subject(done)) : `Nothing changed for ${subject(refused)}`,
      lines,
      tone: refused.length ? "bad" : isUndo ? "undone" : "good",
    };
  }
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() };
  const response = await answered(fetch(path, {
    method: "POST", headers, body: JSON.stringify(body), redirect: "manual", signal: AbortSignal.timeout(GIVES_UP_MS),
  }));
  if (response.type === "opaqueredirect") throw new Refused("You are signed out; nothing was changed.");
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const words = answer.detail || answer.title || `The server answered ${response.status}; nothing was changed.`;
  throw new Refused(words, { isFinal: answer.code === "undo_expired" });
}

// The cookie's, where it can be read: signing in again in another window makes the page's own an old one.
function csrfToken() {
  const kept = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return kept ? kept[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

// Without an answer nobody knows what has happened: the board will show it.
async function answered(asked) {
  try {
    return await asked;
  } catch {
    throw new Refused("No answer from the server. The board shows what has become of it as soon as it is back.");
  }
}
