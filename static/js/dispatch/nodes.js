// Writing to the page only what has changed in it: hundreds of cards are looked at each second, few of them change.
export const byId = (id) => document.getElementById(id);

export const cloneOf = (id) => byId(id).content.firstElementChild.cloneNode(true);

export function put(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

export function tell(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

export function icon(svg, name) {
  tell(svg.querySelector("use"), "href", `#i-${name}`);
}

// Puts a list's nodes into the order wanted, moving only those that are known to have changed. A node that is moved
// loses the focus, so it is given back.
export function arrange(list, wanted, changed) {
  const focused = document.activeElement;
  wanted.forEach((node, index) => {
    const before = index ? wanted[index - 1] : null;
    if (changed.has(node) && node.parentNode === list && node.previousElementSibling !== before) node.remove();
  });
  let place = list.firstElementChild;
  for (const node of wanted) {
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
  }
  if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
}
