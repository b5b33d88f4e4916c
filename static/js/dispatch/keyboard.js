// The console by keyboard alone. Letters are keys only where nothing is being typed.
import { byId } from "./nodes.js";

// The focus leaves a dialog that is closed with the next frame; a quick hand is there before.
const isTyping = (target) => target.closest("input, textarea, select") !== null && !target.closest("dialog:not([open])");

function empty(field) {
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export class Keyboard {
  #console;

  constructor(dispatch) {
    this.#console = dispatch;
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  #press(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return undefined;
    if (event.key === "Escape") return this.#escape(event);
    if (isTyping(event.target) || event.altKey) return undefined;
    const act = event.ctrlKey || event.metaKey ? this.#withControl(event) : this.#plain(event);
    if (act) event.preventDefault();
    return act?.();
  }

  // Step by step: what is typed, the field, then what the console has to close.
  #escape(event) {
    const field = event.target.closest("input, select");
    if (!field) return this.#console.escape();
    event.preventDefault();
    if (field.matches("input") && field.value) return empty(field);
    return field.blur();
  }

  #withControl(event) {
    const dispatch = this.#console;
    if (!event.target.closest("#board, body")) return undefined;
    return { a: () => dispatch.selectColumn(), z: () => dispatch.undo() }[event.key.toLowerCase()];
  }

  #plain(event) {
    const dispatch = this.#console;
    const everywhere = {
      "?": () => byId("keys").showModal(),
      "/": () => byId("filters").elements.q.select(),
      z: () => dispatch.undo(),
      b: () => dispatch.focusBoard(),
      c: () => dispatch.focusCouriers(),
    };
    const inPlace = event.target.closest("#people") ? this.#inCouriers(event) : this.#inBoard(event);
    return inPlace[event.key] ?? inPlace[event.key.toLowerCase()] ?? everywhere[event.key.toLowerCase()];
  }

  #inBoard(event) {
    const dispatch = this.#console;
    if (event.target.closest("button, a, summary") && ["Enter", " "].includes(event.key)) return {};
    return {
      ArrowDown: () => dispatch.move({ rows: 1, extends: event.shiftKey }),
      ArrowUp: () => dispatch.move({ rows: -1, extends: event.shiftKey }),
      ArrowRight: () => dispatch.move({ columns: 1 }),
      ArrowLeft: () => dispatch.move({ columns: -1 }),
      Home: () => dispatch.move({ rows: -Infinity, extends: event.shiftKey }),
      End: () => dispatch.move({ rows: Infinity, extends: event.shiftKey }),
      " ": () => dispatch.toggle(),
      Enter: () => dispatch.chooseCourier(),
      t: () => dispatch.takeBack(),
      o: () => dispatch.openOrder(),
      f: () => dispatch.onlyCourierOfOrder(),
    };
  }

  #inCouriers(event) {
    const dispatch = this.#console;
    if (event.target.closest("button, a") && ["Enter", " "].includes(event.key)) return {};
    return {
      ArrowDown: () => dispatch.moveCourier(1),
      ArrowUp: () => dispatch.moveCourier(-1),
      Home: () => dispatch.moveCourier(-Infinity),
      End: () => dispatch.moveCourier(Infinity),
      Enter: () => dispatch.giveToCurrent(),
      f: () => dispatch.onlyCurrent(),
      o: () => dispatch.openCourier(),
    };
  }
}
