import type { DaneFinding, SecureRoute } from "../dane/look-up.js";
import type { ConfiguredTls, RequestedTls } from "../policy.js";
import type { StsPolicy } from "../sts/policy.js";

/** All that was found out for one host. Null: not asked, or nothing there. */
export interface PolicyFacts {
  readonly host: string;
  readonly domain: string;
  readonly wish: RequestedTls;
  readonly configured: ConfiguredTls | null;
  readonly route: SecureRoute | null;
  readonly dane: DaneFinding | null;
  readonly sts: StsPolicy | null;
}
