import { sendSingle } from "../net/http/single-request.js";

export const BEAT_EVERY_MS = 60_000;
const TIMEOUT_MS = 10_000;

export interface HeartbeatOptions {
  readonly url: string;
  /** False: the checks do not run, so nothing is sent. */
  isAlive(now: number): boolean;
  /** False: another watch of the suite sends it. */
  mayBeat(): Promise<boolean>;
  tell(message: string): void;
}

/** Requests a URL every minute, so that another service notices when this watch does not run. */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  #isFailing = false;

  constructor(
    readonly options: HeartbeatOptions,
    everyMs = BEAT_EVERY_MS,
  ) {
    this.#timer = setInterval(() => void this.#beat(), everyMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopping.abort();
  }

  async #beat(): Promise<void> {
    if (!this.options.isAlive(Date.now()) || !(await this.options.mayBeat().catch(() => false))) return;
    const why = await this.#request();
    if (this.#stopping.signal.aborted || (why !== null) === this.#isFailing) return;
    this.#isFailing = why !== null;
    this.options.tell(why === null ? "the heartbeat is taken again" : `the heartbeat is not taken: ${why}`);
  }

  /** Null: it was taken. The URL may hold a token, so no message names it. */
  async #request(): Promise<string | null> {
    const asked = {
      method: "GET",
      url: this.options.url,
      fields: [],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes: 0,
      signal: this.#stopping.signal,
    } as const;
    try {
      const { head } = await sendSingle(asked);
      const status = head?.status ?? 0;
      return status >= 200 && status < 300 ? null : `HTTP ${status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
