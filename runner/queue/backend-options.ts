export interface BackendOptions {
  /** For how long the id of what was worked off is kept, to know a duplicate by. */
  readonly retentionMs: number;
  /** False: what is not there yet is an error, for whoever only looks. */
  readonly mayCreate: boolean;
}

/** A day: longer than any producer tries again. */
export const BACKEND_DEFAULTS: BackendOptions = { retentionMs: 86_400_000, mayCreate: true };
