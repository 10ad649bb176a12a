import type { SiteTimeouts } from "../../runner/mail-sites/site-timeouts.js";
import type { Observation } from "../../runner/mail-sites/store.js";
import type { Ctx, RcptEvidence } from "./evidence.js";
import type { Identity } from "./identity.js";
import type { Pace } from "./pace.js";
import type { SiteBatch } from "./route-by-site.js";
import type { Input } from "./schema.js";

/** The check of one site's addresses: its inputs, and what it records. */
export interface SiteCheck {
  readonly ctx: Ctx;
  readonly input: Input;
  readonly evidence: RcptEvidence;
  readonly identity: Identity;
  readonly batch: SiteBatch;
  readonly timeouts: SiteTimeouts;
  readonly pace: Pace;
  /** What the site did, for later runs. */
  readonly observations: Observation[];
}
