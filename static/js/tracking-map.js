// The way to the customer's door, as far as they may see it: the store, the door, and the courier between them.

import { createMap } from "./map.js";

const positionOf = (text) => (text ? text.split(",").map(Number) : null);

export function mapOf(box) {
  const { store, storeLabel, door, doorLabel, courierLabel, zoomIn, zoomOut } = box.dataset;
  box.closest("section").hidden = false;
  const map = createMap(box, { yields: true, words: { zoomIn, zoomOut } });
  map.setMarkers("store", [{ id: "store", position: positionOf(store), label: storeLabel }]);
  map.setMarkers("door", [{ id: "door", position: positionOf(door), label: doorLabel }]);
  let isPlaced = false;

  // Without a position there is only the way itself. One that is old is shown as such.
  function show(position, isStale) {
    map.setMarkers("courier", [
      { id: "courier", position, label: courierLabel, glides: isPlaced, state: isStale ? "stale" : "" },
    ]);
    map.setRoute([position ?? positionOf(store), positionOf(door)]);
    map.fit({ gently: isPlaced });
    isPlaced = true;
  }

  return { box, show };
}
