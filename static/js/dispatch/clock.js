// The server's clock: a laptop's own may be wrong, and what is told here are ages of what the server said.
let ahead = 0;

export const now = () => Date.now() + ahead;

export function setClock(moment) {
  ahead = Date.parse(moment) - Date.now();
}
