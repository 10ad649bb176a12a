import type { HttpAnswer, HttpFollower } from "../../net/http/serve.js";
import type { Book } from "../../watch/book.js";
import { checkView } from "./api.js";

const MOST_CLIENTS = 32;
const LOOK_EVERY_MS = 1000;
/** A comment that keeps proxies from closing a connection on which nothing happens. */
const QUIET_LOOKS = 15;
/** The browser connects again after this. */
const LONGEST_MS = 3_600_000;
/** More changes at once than this are one event that says to read everything again. */
const MOST_CHANGES = 200;

/** Server-sent events: a check whose state or incident has changed. Nothing is looked at while there are no clients. */
export class EventStream {
  readonly #clients = new Map<HttpFollower, { readonly isPublic: boolean; readonly until: number }>();
  #seen = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;

  constructor(readonly book: () => Book) {}

  answer(isPublic: boolean): HttpAnswer {
    if (this.#clients.size >= MOST_CLIENTS)
      return { status: 503, text: `${MOST_CLIENTS} clients follow: the limit is reached\n`, headers: { "retry-after": "60" } };
    const text = `retry: 5000\n${eventText("ready", { suite: this.book().plan.suite })}`;
    return { status: 200, text, type: "text/event-stream", follow: (client) => this.#add(client, isPublic) };
  }

  close(): void {
    for (const client of [...this.#clients.keys()]) this.#remove(client);
  }

  #add(client: HttpFollower, isPublic: boolean): void {
    // Two requests may have been answered before either followed.
    if (this.#clients.size >= MOST_CLIENTS) {
      client.end();
      return;
    }
    if (this.#clients.size === 0) this.#seen = this.#states();
    this.#clients.set(client, { isPublic, until: Date.now() + LONGEST_MS });
    client.signal.addEventListener("abort", () => this.#remove(client), { once: true });
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  #remove(client: HttpFollower): void {
    if (!this.#clients.delete(client)) return;
    client.end();
    if (this.#clients.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const book = this.book();
    const states = this.#states();
    const changed = book.plan.shown.filter(({ key }) => this.#seen.get(key) !== states.get(key));
    const isReload = changed.length > MOST_CHANGES || [...this.#seen.keys()].some((key) => !states.has(key));
    this.#seen = states;
    this.#looks += 1;
    for (const [client, { isPublic, until }] of [...this.#clients]) {
      if (Date.now() > until) this.#remove(client);
      else if (isReload) client.write(eventText("reload", {}));
      else if (changed.length > 0) client.write(changed.map((check) => eventText("check", checkView(book, check, isPublic))).join(""));
      else if (this.#looks % QUIET_LOOKS === 0) client.write(": quiet\n\n");
    }
  }

  #states(): Map<string, string> {
    const book = this.book();
    return new Map(
      book.plan.shown.map(({ key }) => {
        const { outcome, incident } = book.state(key);
        return [key, `${outcome} ${incident?.number ?? 0} ${incident?.is_flapping ?? false}`];
      }),
    );
  }
}

/** JSON has no line breaks, so one data line holds it. */
function eventText(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
