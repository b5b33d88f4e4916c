// A way along the roads: its points as [latitude, longitude], in a page as "latitude,longitude latitude,longitude …".

export function roadOf(text) {
  return text ? text.split(" ").map((point) => point.split(",").map(Number)) : [];
}

// What of it is ahead of somebody: `road`, from the point that is nearest to them, and `straight`, from them to there.
// As tracking/roads/line.py reckons it.
export function aheadOf(points, position) {
  const east = Math.cos((position[0] * Math.PI) / 180);
  let nearest = { distance: Infinity };
  for (let index = 0; index + 1 < points.length; index += 1) {
    const point = nearestOn(points[index], points[index + 1], position, east);
    const distance = Math.hypot(point[0] - position[0], (point[1] - position[1]) * east);
    if (distance < nearest.distance) nearest = { distance, point, index };
  }
  return { straight: [position, nearest.point], road: [nearest.point, ...points.slice(nearest.index + 1)] };
}

function nearestOn(start, end, position, east) {
  const [north, across] = [end[0] - start[0], (end[1] - start[1]) * east];
  const square = north * north + across * across;
  const along = (position[0] - start[0]) * north + (position[1] - start[1]) * east * across;
  const share = square ? Math.min(1, Math.max(0, along / square)) : 0;
  return [start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])];
}
