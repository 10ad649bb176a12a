import type { SuiteWatch } from "../../../schemas/suite.js";
import { resolveReferences } from "../../harness/references.js";
import { parseRange } from "../../net/transport/address-policy.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { RequestError } from "../../support/request-error.js";
import { Login } from "./login.js";

const USUAL_HEADER = "remote-user";
const PATHS = [
  { steps: ["tokens", "*"], isSecret: true },
  { steps: ["users", "*"], isSecret: true },
];

/** The login that a suite's `watch.page` describes; null without one. Rejects with a RequestError for secrets or ranges that cannot be used. */
export async function openLogin(page: SuiteWatch["page"]): Promise<Login | null> {
  if (page === undefined || Object.keys(page).length === 0) return null;
  const holder = { tokens: [...(page.tokens ?? [])], users: { ...page.users } };
  await resolveReferences(holder, PATHS, new SecretKeeper());
  const users = new Map(Object.entries(holder.users as Record<string, string>));
  return new Login({ tokens: holder.tokens as string[], users, proxies: proxiesOf(page.proxies) });
}

function proxiesOf(proxies: NonNullable<SuiteWatch["page"]>["proxies"]): Login["credentials"]["proxies"] {
  if (proxies === undefined) return null;
  const ranges = proxies.addresses.map((written) => {
    const range = parseRange(written);
    if (range !== null) return range;
    const violation = {
      pointer: "watch.page.proxies.addresses",
      message: `${JSON.stringify(written)} is not an address or a range`,
      hint: "for example 10.0.0.0/8",
    };
    throw new RequestError("the login of the status page cannot be used", "usage", [violation]);
  });
  return { ranges, header: (proxies.header ?? USUAL_HEADER).toLowerCase() };
}
