// Which orders are selected, and which one the keyboard is at. Knows ids only.
export class Selection {
  ids = new Set();
  current = null;
  #anchor = null;
  #listener;

  constructor(listener) {
    this.#listener = listener;
  }

  // What an action is about: the selected orders, or the one the keyboard is at.
  get subject() {
    return this.ids.size || !this.current ? [...this.ids] : [this.current];
  }

  replace(ids, { anchor = ids.at(-1) ?? null } = {}) {
    const wanted = new Set(ids);
    const changed = [...this.ids].filter((id) => !wanted.has(id)).concat(ids.filter((id) => !this.ids.has(id)));
    this.ids = wanted;
    this.#anchor = anchor;
    this.#listener(changed);
  }

  only(id) {
    this.replace(this.ids.size === 1 && this.ids.has(id) ? [] : [id], { anchor: id });
  }

  toggle(id) {
    const isAdded = !this.ids.has(id);
    if (isAdded) this.ids.add(id);
    else this.ids.delete(id);
    this.#anchor = id;
    this.#listener([id]);
  }

  // All from where the selection began to here, in the order in which they are shown.
  extendTo(id, shown) {
    const from = shown.indexOf(this.#anchor);
    const to = shown.indexOf(id);
    if (from < 0 || to < 0) return this.replace([id]);
    return this.replace(shown.slice(Math.min(from, to), Math.max(from, to) + 1), { anchor: this.#anchor });
  }

  clear() {
    this.replace([]);
  }

  forget(ids) {
    const lost = ids.filter((id) => this.ids.delete(id));
    if (lost.length) this.#listener(lost);
  }

  goTo(id) {
    const before = this.current;
    this.current = id;
    if (this.#anchor === null || !this.ids.size) this.#anchor = id;
    this.#listener([before, id].filter(Boolean));
  }
}
