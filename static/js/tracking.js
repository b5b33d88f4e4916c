// Keeps the customer's page right: the socket says what changes, the page itself is fetched again when its words do.
// Without a socket the page is fetched every now and then, and says how old it is.

const PAUSE_SECONDS = { first: 1, longest: 30, poll: 20, again: 4 };
const SILENCE_SECONDS = 60;
const STALE_SECONDS = 30;
const OVER = 1000;

const notice = document.getElementById("live");
const now = () => performance.now() / 1000;
const field = (name) => document.querySelector(`[data-live="${name}"]`);
const article = () => document.querySelector("article.tracking");

let socket = null;
let sequence = Number(article().dataset.sequence);
let failures = 0;
let heardAt = now();
let freshAt = now();
let pollAt = now() + PAUSE_SECONDS.poll;
let reconnectAt = 0;
let fetching = null;
let wantsAnother = false;
let isOutdated = false;
let seenAt = null;
let arrivesAt = null;
let position = null;
let map = null;
let wasStale = false;

const isOver = () => "over" in article().dataset;
const isLive = () => socket !== null && socket.readyState === WebSocket.OPEN && now() - heardAt < SILENCE_SECONDS;

// The sentences stand at the notice, in the page's language: {n} and {age} are for us to fill in.
function words(name, values) {
  return notice.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function ageWords(seconds) {
  return seconds < 60 ? words("seconds", { n: Math.round(seconds) }) : words("minutes", { n: Math.floor(seconds / 60) });
}

function distanceWords(metres) {
  if (metres < 1000) return words("metres", { n: metres });
  const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return words("kilometres", { n: new Intl.NumberFormat(document.documentElement.lang, oneDigit).format(metres / 1000) });
}

function showClock(name, moment) {
  const timeZone = article().dataset.timeZone;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  field(name).dateTime = moment;
  field(name).textContent = clock.format(new Date(moment));
}

// What a rendered page knows of times is counted from the moment it came: this clock may be wrong, its pace is not.
function takeTimes() {
  const { seenSeconds, etaSeconds, courier } = article().dataset;
  seenAt = seenSeconds === undefined ? null : now() - Number(seenSeconds);
  arrivesAt = etaSeconds === undefined ? null : now() + Number(etaSeconds);
  position = courier ? courier.split(",").map(Number) : null;
  freshAt = now();
  drawMap();
}

// Only now is the map's code loaded: most of an order's life there is nothing to show on it.
async function drawMap() {
  const box = field("map");
  if (!box) return;
  if (map?.box !== box) {
    const module = await import("./tracking-map.js").catch(() => null);
    // The network is away, or the page has become another one meanwhile.
    if (!module || field("map") !== box) return;
    if (map?.box !== box) map = module.mapOf(box);
  }
  map.show(position, isStale());
}

// The way along the roads may have become known since the page came.
function takeRoad(way) {
  const box = field("map");
  if (!box || !way) return;
  box.dataset.road = way.road.map((point) => point.join(",")).join(" ");
  drawMap();
}

function isStale() {
  return seenAt !== null && now() - seenAt > STALE_SECONDS * 2;
}

function show(data, seen) {
  if (seen && !field("seen")) return refresh();
  if (seen) {
    seenAt = now() - seen.age_seconds;
    position = [seen.latitude, seen.longitude];
    field("distance").textContent = distanceWords(seen.distance_m);
    drawMap();
  }
  if (data.arrival && field("from")) {
    arrivesAt = now() + data.eta_seconds;
    showClock("from", data.arrival.from);
    showClock("to", data.arrival.to);
  }
  if (field("progress")) field("progress").value = data.progress;
  freshAt = now();
  tell();
  return undefined;
}

async function refresh() {
  isOutdated = true;
  if (fetching) {
    wantsAnother = true;
    return;
  }
  fetching = fetchPage();
  await fetching;
  fetching = null;
  pollAt = now() + (isOutdated ? PAUSE_SECONDS.again : PAUSE_SECONDS.poll) * (0.75 + Math.random() / 2);
  if (wantsAnother) {
    wantsAnother = false;
    await refresh();
  }
}

async function fetchPage() {
  try {
    const response = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (response.status === 404) return location.reload();
    if (response.ok) replacePage(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The network is away: the notice says how old the page is, and the next round tries again.
  }
  return undefined;
}

function replacePage(fresh) {
  const came = fresh.querySelector("article.tracking");
  if (!came) return;
  const before = document.querySelector("h1").textContent;
  isOutdated = false;
  // The server is there again: no need to wait as long as it had been away.
  reconnectAt = Math.min(reconnectAt, now() + PAUSE_SECONDS.again * Math.random());
  const focused = document.activeElement?.id;
  const heldMap = article().querySelector(".way");
  const freshMap = came.querySelector(".way");
  if (heldMap && freshMap) keepMap(heldMap, freshMap);
  article().replaceWith(document.adoptNode(came));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = fresh.title;
  const headline = document.querySelector("h1").textContent;
  if (headline !== before) document.getElementById("announcement").textContent = headline;
  sequence = Math.max(sequence, Number(article().dataset.sequence));
  takeTimes();
  tell();
}

// It goes on from where it is, by the way that is known now.
function keepMap(held, fresh) {
  const [box, freshBox] = [held, fresh].map((way) => way.querySelector("[data-live=map]"));
  box.dataset.road = freshBox.dataset.road ?? "";
  fresh.replaceWith(held);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}?after=${sequence}`);
  socket = opened;
  heardAt = now();
  opened.addEventListener("message", (message) => hear(JSON.parse(message.data)));
  opened.addEventListener("close", (closing) => {
    if (socket !== opened) return;
    socket = null;
    if (closing.code === OVER || closing.code >= 4000) refresh();
    reconnectAt = now() + pauseSeconds();
    failures += 1;
  });
}

function pauseSeconds() {
  const most = Math.min(PAUSE_SECONDS.longest, PAUSE_SECONDS.first * 2 ** failures);
  return most * (0.5 + Math.random() / 2);
}

function hear(message) {
  heardAt = now();
  failures = 0;
  if (message.kind === "position") show(message, message.position);
  if (message.kind === "eta") show(message, null);
  if (message.kind === "event") refresh();
  if (message.kind === "snapshot") {
    const isKnown = String(message.data.order.version) === article().dataset.version;
    if (isKnown) {
      takeRoad(message.data.way);
      show(message.data, message.data.courier && message.data.courier.position);
    } else refresh();
  }
  if (message.sequence !== undefined) sequence = message.sequence;
  if (message.kind === "ping") freshAt = now();
}

function tell() {
  if (seenAt !== null && field("seen")) field("seen").textContent = ageWords(now() - seenAt);
  if (arrivesAt !== null && field("left")) {
    field("left").textContent = words("left", { n: Math.max(1, Math.round((arrivesAt - now()) / 60)) });
  }
  if (isOver()) notice.textContent = "";
  else if (isLive() && !isOutdated) notice.textContent = words("live", {});
  else notice.textContent = words("away", { age: ageWords(now() - freshAt) });
  notice.classList.toggle("away", !(isLive() && !isOutdated));
  notice.classList.toggle("stale", !isOver() && !(isLive() && !isOutdated) && now() - freshAt > STALE_SECONDS);
}

function tick() {
  if (!isOver()) {
    if (socket && !isLive() && now() - heardAt >= SILENCE_SECONDS) socket.close();
    if (!socket && now() >= reconnectAt) connect();
    if ((isOutdated || !isLive()) && !fetching && now() >= pollAt) refresh();
  }
  if (map?.box === field("map") && wasStale !== isStale()) drawMap();
  wasStale = isStale();
  tell();
}

function comeBack() {
  if (document.visibilityState !== "visible" || isOver() || isLive()) return;
  reconnectAt = 0;
  refresh();
  tick();
}

takeTimes();
tick();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", comeBack);
window.addEventListener("online", comeBack);
window.addEventListener("offline", () => socket && socket.close());
