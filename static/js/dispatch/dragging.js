// Dragging orders onto a courier, by mouse and, after a moment's hold, by finger.
import { byId } from "./nodes.js";
import { count } from "./words.js";

const STARTS_PX = 6;
const HOLD_MS = 350;
const EDGE_PX = 48;

export class Dragging {
  #ordersFor;
  #onDrop;
  #held = null;
  #ghost = null;
  #target = null;
  justEnded = false;

  constructor(board, { ordersFor, onDrop }) {
    this.#ordersFor = ordersFor;
    this.#onDrop = onDrop;
    board.addEventListener("pointerdown", (event) => this.#hold(event));
    document.addEventListener("pointermove", (event) => this.#move(event));
    document.addEventListener("pointerup", () => this.#end(true));
    document.addEventListener("pointercancel", () => this.#end(false));
    document.addEventListener("keydown", (event) => this.#cancel(event), true);
    // Once the orders hang on the finger, it no longer scrolls.
    document.addEventListener("touchmove", (event) => this.#ghost && event.preventDefault(), { passive: false });
    board.addEventListener("contextmenu", (event) => this.#ghost && event.preventDefault());
  }

  #cancel(event) {
    if (!this.#ghost || event.key !== "Escape") return;
    event.stopPropagation();
    this.#end(false);
  }

  #hold(event) {
    const card = event.target.closest(".card");
    if (!card || event.button !== 0 || event.target.closest("a, button")) return;
    // On a phone couriers are not beside the orders: there is nowhere to drag them to.
    if (!byId("people").checkVisibility()) return;
    this.justEnded = false;
    this.#held = { id: card.dataset.id, x: event.clientX, y: event.clientY, isTouch: event.pointerType === "touch" };
    if (this.#held.isTouch) this.#held.timer = setTimeout(() => this.#begin(), HOLD_MS);
  }

  #move(event) {
    if (!this.#held) return;
    const isFar = Math.hypot(event.clientX - this.#held.x, event.clientY - this.#held.y) > STARTS_PX;
    if (!this.#ghost && isFar) {
      if (this.#held.isTouch) return void this.#end(false);
      this.#begin();
    }
    if (this.#ghost) this.#follow(event.clientX, event.clientY);
  }

  #begin() {
    this.#held.orders = this.#ordersFor(this.#held.id);
    this.#ghost = document.createElement("div");
    this.#ghost.className = "ghost";
    this.#ghost.textContent = count(this.#held.orders.length, "order");
    document.body.append(this.#ghost);
    document.body.classList.add("is-dragging");
    this.#follow(this.#held.x, this.#held.y);
  }

  #follow(x, y) {
    this.#ghost.style.transform = `translate(${x + 12}px, ${y + 12}px)`;
    const target = document.elementFromPoint(x, y)?.closest("[data-drop]") ?? null;
    if (target !== this.#target) {
      this.#target?.classList.remove("is-target");
      target?.classList.add("is-target");
      this.#target = target;
    }
    scrollAt(byId("people"), x, y);
  }

  #end(isDropped) {
    clearTimeout(this.#held?.timer);
    const { orders } = this.#held ?? {};
    const target = this.#target;
    this.justEnded = this.#ghost !== null;
    this.#ghost?.remove();
    target?.classList.remove("is-target");
    document.body.classList.remove("is-dragging");
    this.#held = this.#ghost = this.#target = null;
    if (isDropped && target && orders) this.#onDrop(orders, target);
  }
}

function scrollAt(list, x, y) {
  const { left, right, top, bottom } = list.getBoundingClientRect();
  if (x < left || x > right || y < top || y > bottom) return;
  if (y < top + EDGE_PX) list.scrollTop -= 12;
  if (y > bottom - EDGE_PX) list.scrollTop += 12;
}
