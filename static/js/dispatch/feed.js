// Keeps the board right: by the staff socket, by asking for the whole board where that is away, and at once after the
// laptop slept. Says truthfully how fresh the board is.
import { now } from "./clock.js";

const PAUSE_SECONDS = { first: 1, longest: 20, poll: 5, longestPoll: 15, again: 2 };
const SILENCE_SECONDS = 60;
const SLEPT_SECONDS = 8;
const GIVES_UP_SECONDS = 10;
const NOT_ALLOWED = new Set([4401, 4403]);

const seconds = () => Date.now() / 1000;
const jittered = (pause) => pause * (0.5 + Math.random() / 2);

export class Feed {
  state = "waiting";
  freshAt = null;
  #board;
  #onState;
  #socket = null;
  #failures = 0;
  #heardAt = 0;
  #reconnectAt = Infinity;
  #pollAt = 0;
  #pollFailures = 0;
  #asking = null;
  #isCaughtUp = false;
  #isSignedOut = false;
  #tickedAt = seconds();

  constructor(board, { onState }) {
    this.#board = board;
    this.#onState = onState;
  }

  async start() {
    setInterval(() => this.#tick(), 1000);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wake());
    window.addEventListener("pageshow", (event) => event.persisted && this.#wake());
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#drop());
    await this.resync();
    this.#connect();
  }

  // The whole board, now. Several who ask at once are told by one answer.
  resync() {
    if (this.#asking) return this.#asking;
    const asking = this.#ask().finally(() => { if (this.#asking === asking) this.#asking = null; });
    this.#asking = asking;
    return asking;
  }

  get isLive() {
    return this.#isOpen && this.#isCaughtUp && seconds() - this.#heardAt < SILENCE_SECONDS;
  }

  get #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  async #ask() {
    const wasOpen = this.#isOpen;
    try {
      const options = { headers: { Accept: "application/json" }, cache: "no-store", redirect: "manual" };
      const response = await fetch("board", { ...options, signal: AbortSignal.timeout(GIVES_UP_SECONDS * 1000) });
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) return this.#end();
      if (!response.ok) throw new Error(`the board was answered with ${response.status}`);
      this.#board.takeSnapshot(await response.json());
      this.#isFresh(wasOpen);
      // The server is there again: no need to wait as long as it had been away.
      if (this.#pollFailures) this.#reconnectAt = Math.min(this.#reconnectAt, seconds() + jittered(PAUSE_SECONDS.again));
      this.#pollFailures = 0;
      this.#isSignedOut = false;
    } catch {
      // The sign says how old the board is, and the next round tries again.
      this.#pollFailures += 1;
    }
    this.#pollAt = seconds() + jittered(Math.min(PAUSE_SECONDS.longestPoll, PAUSE_SECONDS.poll * (1 + this.#pollFailures)));
    return this.#tell();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const after = this.#board.sequence === null ? "" : `?after=${this.#board.sequence}`;
    const socket = new WebSocket(`${scheme}://${location.host}/ws/state/${after}`);
    this.#socket = socket;
    this.#heardAt = seconds();
    this.#reconnectAt = Infinity;
    this.#isCaughtUp = false;
    socket.addEventListener("message", ({ data }) => this.#socket === socket && this.#hear(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => this.#socket === socket && this.#closed(code));
  }

  #closed(code) {
    this.#socket = null;
    this.#reconnectAt = seconds() + jittered(Math.min(PAUSE_SECONDS.longest, PAUSE_SECONDS.first * 2 ** this.#failures));
    this.#failures += 1;
    if (code === 4400) this.#board.forgetSequence();
    if (NOT_ALLOWED.has(code)) this.#pollAt = 0;
    this.#pollAt = Math.min(this.#pollAt, seconds() + jittered(PAUSE_SECONDS.again));
    this.#tell();
  }

  #hear(message) {
    this.#heardAt = seconds();
    this.#failures = 0;
    if (message.kind === "reset") this.#board.forgetSequence();
    if (message.kind === "snapshot") this.#board.takeSnapshot(message.data, message.sequence);
    if (message.kind === "event") this.#board.takeEvent(message);
    if (message.kind === "positions") this.#board.takePositions(message.couriers);
    if (message.kind !== "reset") this.#isFresh(true);
    this.#tell();
  }

  #isFresh(isCaughtUp) {
    this.freshAt = now();
    this.#isCaughtUp ||= isCaughtUp;
  }

  // Nothing that is open from before a sleep can be trusted: it may look open and be dead.
  #wake() {
    if (document.visibilityState !== "visible" || (this.isLive && seconds() - this.#heardAt < SLEPT_SECONDS)) return;
    this.#drop();
    this.#asking = null;
    this.resync();
    this.#connect();
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#failures = 0;
    this.#reconnectAt = seconds() + PAUSE_SECONDS.first;
    this.#tell();
  }

  #end() {
    this.#isSignedOut = true;
    this.#pollAt = seconds() + PAUSE_SECONDS.longestPoll;
    this.#tell();
  }

  #tick() {
    const slept = seconds() - this.#tickedAt > SLEPT_SECONDS;
    this.#tickedAt = seconds();
    if (slept) this.#wake();
    if (this.#socket && seconds() - this.#heardAt >= SILENCE_SECONDS) this.#drop();
    if (!this.#socket && !this.#isSignedOut && seconds() >= this.#reconnectAt) this.#connect();
    if (!this.isLive && !this.#asking && seconds() >= this.#pollAt) this.resync();
    this.#tell();
  }

  #tell() {
    this.state = this.#stateNow();
    this.#onState(this);
  }

  #stateNow() {
    if (this.#isSignedOut) return "signed_out";
    if (this.freshAt === null) return "waiting";
    if (this.isLive) return "live";
    return this.#pollFailures === 0 ? "polling" : "cut";
  }
}
