import type { SuiteWatch } from "../../../schemas/suite.js";
import { resolveReferences } from "../../harness/references.js";
import { parseRange } from "../../net/transport/address-policy.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { RequestError } from "../../support/request-error.js";
import { Login } from "./login.js";
import { OidcLogin } from "./oidc/oidc-login.js";
import { isProtected, Provider } from "./oidc/provider.js";

type Oidc = NonNullable<NonNullable<SuiteWatch["page"]>["oidc"]>;

const USUAL_HEADER = "remote-user";
const PATHS = [
  { steps: ["tokens", "*"], isSecret: true },
  { steps: ["users", "*"], isSecret: true },
  { steps: ["oidc", "client_secret"], isSecret: true },
];
const USUAL_SCOPES = ["profile"];

/** The login that a suite's `watch.page` describes; null without one. Rejects with a RequestError for secrets or ranges that cannot be used. */
export async function openLogin(page: SuiteWatch["page"]): Promise<Login | null> {
  if (page === undefined || Object.keys(page).length === 0) return null;
  const holder = { tokens: [...(page.tokens ?? [])], users: { ...page.users }, oidc: { ...page.oidc } };
  await resolveReferences(holder, PATHS, new SecretKeeper());
  const users = new Map(Object.entries(holder.users as Record<string, string>));
  const oidc = page.oidc === undefined ? null : oidcOf(page.oidc, (holder.oidc.client_secret as string | undefined) ?? null);
  return new Login({ tokens: holder.tokens as string[], users, proxies: proxiesOf(page.proxies) }, oidc);
}

function oidcOf({ issuer, client_id: clientId, url, groups, groups_claim, scopes }: Oidc, clientSecret: string | null): OidcLogin {
  for (const [name, written] of Object.entries({ issuer, url }))
    if (!isProtected(written))
      throw unusable(`watch.page.oidc.${name}`, `${JSON.stringify(written)} is not an https URL`, "http is allowed on this machine only");
  const page = url.endsWith("/") ? url : `${url}/`;
  const settings = { clientId, clientSecret, url: page, groups: groups ?? null, groupsClaim: groups_claim ?? "groups", scopes: scopes ?? USUAL_SCOPES };
  return new OidcLogin(settings, new Provider(issuer));
}

function unusable(pointer: string, message: string, hint: string): RequestError {
  return new RequestError("the login of the status page cannot be used", "usage", [{ pointer, message, hint }]);
}

function proxiesOf(proxies: NonNullable<SuiteWatch["page"]>["proxies"]): Login["credentials"]["proxies"] {
  if (proxies === undefined) return null;
  const ranges = proxies.addresses.map((written) => {
    const range = parseRange(written);
    if (range !== null) return range;
    throw unusable("watch.page.proxies.addresses", `${JSON.stringify(written)} is not an address or a range`, "for example 10.0.0.0/8");
  });
  return { ranges, header: (proxies.header ?? USUAL_HEADER).toLowerCase() };
}
