// The way to the customer's door, as far as they may see it: the store, the door, and the courier between them.

import { createMap } from "./map.js";
import { aheadOf, roadOf } from "./road.js";

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
    drawWay(position);
    map.fit({ gently: isPlaced });
    isPlaced = true;
  }

  // By the roads as far as they are known: the page may have learned of them since.
  function drawWay(position) {
    const road = roadOf(box.dataset.road);
    if (!road.length) return map.setRoute([position ?? positionOf(store), positionOf(door)]);
    if (!position) return map.setRoute(null, road);
    const ahead = aheadOf(road, position);
    return map.setRoute(ahead.straight, ahead.road);
  }

  return { box, show };
}
