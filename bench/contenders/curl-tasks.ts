export const PAGE_PHASES = ["connect", "tls", "first byte", "body"] as const;

export interface FetchRequest {
  readonly url: string;
  /** The authority of its certificate (PEM). */
  readonly ca: string;
}

/** What both say of one response. */
export interface FetchedPage {
  readonly status: number;
  readonly version: string;
  readonly bytes: number;
  readonly sha256: string;
  /** In milliseconds. */
  readonly phases: Readonly<Record<(typeof PAGE_PHASES)[number], number>>;
}
