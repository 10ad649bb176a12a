import type { FailureError } from "../run/failure-error.js";

/** The moment of a page that a navigation waits for. */
export type Moment = "commit" | "domcontentloaded" | "load";
export type ElementState = "attached" | "detached" | "visible" | "hidden";

/** What a page shows of an element. */
export interface ElementFacts {
  readonly count: number;
  readonly text: string | null;
  readonly value: string | null;
  readonly visible: boolean;
}

/** One request of a page. */
export interface LoggedRequest {
  readonly url: string;
  readonly method: string;
  readonly resourceType: string;
  /** Milliseconds of the Unix epoch. */
  readonly startedAt: number;
  /** Null: it has not ended. */
  durationMs: number | null;
  status: number | null;
  /** The browser's name of a network error. */
  error: string | null;
  readonly isNavigation: boolean;
  /** As far as the browser measured them. Connecting includes the proxy's look-up of the name. */
  connectMs: number | null;
  tlsMs: number | null;
  waitMs: number | null;
  receiveMs: number | null;
  /** Of the response as sent, header and body. */
  bytes: number | null;
  requestHeaders: Readonly<Record<string, string>>;
  responseHeaders: Readonly<Record<string, string>>;
}

export interface ConsoleError {
  readonly kind: "console" | "exception";
  readonly text: string;
  readonly url: string | null;
  readonly line: number | null;
}

export interface SeenDialog {
  readonly type: string;
  readonly message: string;
}

/** How one document loaded, in milliseconds since its navigation began. Null where it did not happen. */
export interface DocumentTimes {
  url: string;
  time_origin: number;
  first_byte_ms: number | null;
  dom_interactive_ms: number | null;
  dom_content_loaded_ms: number | null;
  load_ms: number | null;
  first_contentful_paint_ms: number | null;
  largest_contentful_paint_ms: number | null;
  cumulative_layout_shift: number | null;
  interaction_to_next_paint_ms: number | null;
}

/** One page in a browser of its own. Every step rejects with a FailureError only. */
export interface BrowserPage {
  /** The browser's name and version. */
  readonly product: string;
  readonly url: string;
  readonly documents: readonly DocumentTimes[];
  readonly log: { readonly count: number; readonly failedCount: number; readonly requests: readonly LoggedRequest[] };
  readonly events: {
    readonly consoleErrorCount: number;
    readonly consoleErrors: readonly ConsoleError[];
    readonly dialogs: readonly SeenDialog[];
    readonly downloads: readonly string[];
    readonly popups: number;
  };
  /** Bytes over all connections. */
  readonly traffic: { readonly received: number; readonly sent: number };
  /** What ended the page, whatever was being done. */
  readonly fatal: FailureError | null;
  /** Removes the secrets of the run from a text. */
  mask(text: string): string;
  /** The status code; null if the page sent its visitor on before it had loaded. */
  goto(url: string, moment: Moment, timeoutMs: number): Promise<number | null>;
  click(selector: string, count: number, timeoutMs: number): Promise<void>;
  hover(selector: string, timeoutMs: number): Promise<void>;
  /** Also chooses an option, where the element offers some. */
  fill(selector: string, value: string, timeoutMs: number): Promise<void>;
  press(selector: string | undefined, key: string, timeoutMs: number): Promise<void>;
  waitFor(selector: string, state: ElementState, timeoutMs: number): Promise<void>;
  pause(milliseconds: number): Promise<void>;
  title(timeoutMs: number): Promise<string>;
  /** What is there now, without waiting for it. */
  look(selector: string, timeoutMs: number): Promise<ElementFacts>;
  /** Elements that hold secrets are painted over. */
  screenshot(fullPage: boolean, timeoutMs: number): Promise<Buffer>;
  /** Notes how the current document has loaded so far. A page that is busy gives no answer. */
  noteVitals(): Promise<void>;
  end(): Promise<void>;
}
