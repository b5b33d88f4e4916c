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

const isOver = () => "over" in article().dataset;
const isLive = () => socket !== null && socket.readyState === WebSocket.OPEN && now() - heardAt < SILENCE_SECONDS;

function ageWords(seconds) {
  return seconds < 60 ? `${Math.round(seconds)} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

function distanceWords(metres) {
  return metres < 1000 ? `${metres} m` : `${(metres / 1000).toFixed(1)} km`;
}

function clockWords(moment) {
  const timeZone = article().dataset.timeZone;
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(moment));
}

// What a rendered page knows of times is counted from the moment it came: this clock may be wrong, its pace is not.
function takeTimes() {
  const { seenSeconds, etaSeconds } = article().dataset;
  seenAt = seenSeconds === undefined ? null : now() - Number(seenSeconds);
  arrivesAt = etaSeconds === undefined ? null : now() + Number(etaSeconds);
  freshAt = now();
}

function show(data, position) {
  if (position && !field("seen")) return refresh();
  if (position) {
    seenAt = now() - position.age_seconds;
    field("distance").textContent = distanceWords(position.distance_m);
  }
  if (data.eta && field("clock")) {
    arrivesAt = now() + data.eta_seconds;
    field("clock").dateTime = data.eta;
    field("clock").textContent = clockWords(data.eta);
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
  article().replaceWith(document.adoptNode(came));
  document.title = fresh.title;
  const headline = document.querySelector("h1").textContent;
  if (headline !== before) document.getElementById("announcement").textContent = headline;
  sequence = Math.max(sequence, Number(article().dataset.sequence));
  takeTimes();
  tell();
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
    if (isKnown) show(message.data, message.data.courier && message.data.courier.position);
    else refresh();
  }
  if (message.sequence !== undefined) sequence = message.sequence;
  if (message.kind === "ping") freshAt = now();
}

function tell() {
  if (seenAt !== null && field("seen")) field("seen").textContent = ageWords(now() - seenAt);
  if (arrivesAt !== null && field("minutes")) {
    field("minutes").textContent = `in ${Math.max(1, Math.round((arrivesAt - now()) / 60))} min`;
  }
  if (isOver()) notice.textContent = "";
  else if (isLive() && !isOutdated) notice.textContent = "Live";
  else notice.textContent = `Last updated ${ageWords(now() - freshAt)}; connecting again`;
  notice.classList.toggle("stale", !isOver() && !(isLive() && !isOutdated) && now() - freshAt > STALE_SECONDS);
}

function tick() {
  if (!isOver()) {
    if (socket && !isLive() && now() - heardAt >= SILENCE_SECONDS) socket.close();
    if (!socket && now() >= reconnectAt) connect();
    if ((isOutdated || !isLive()) && !fetching && now() >= pollAt) refresh();
  }
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
