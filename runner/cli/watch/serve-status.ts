import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type HttpServing, serveHttp } from "../../net/http/serve.js";
import { addressUse } from "../../net/transport/address-policy.js";
import type { Certificate } from "../../net/transport/listen.js";
import type { Exporter } from "../../serve/exporter.js";
import type { Login } from "../../serve/login/login.js";
import { isHeartbeat } from "../../serve/status/heartbeat-route.js";
import type { StatusSite } from "../../serve/status/status-site.js";
import { withExporter } from "../../serve/status/with-exporter.js";
import { fileProblem } from "../../support/file-error.js";
import { RequestError } from "../../support/request-error.js";
import type { Io } from "../io.js";
import { listenAddress } from "../listen-address.js";
import { serverNames } from "../server-names.js";
import { UsageError } from "../usage-error.js";
import type { WatchOptions } from "./watch-options.js";

/** Besides those of running probes. */
export const MORE_CONNECTIONS = 128;

export interface ListenPlan {
  readonly at: { readonly host: string; readonly port: number };
  readonly certificate: Certificate | null;
  /** Of --server-name. */
  readonly names: readonly string[];
}

/** Where the status page is served; null without --listen. */
export async function listenPlan(given: Pick<WatchOptions, "listen" | "server-name" | "tls-cert" | "tls-key">, io: Io): Promise<ListenPlan | null> {
  const { "tls-cert": certificate, "tls-key": key } = given;
  if ((certificate === null) !== (key === null)) throw new UsageError("--tls-cert and --tls-key belong together");
  const names = serverNames(given);
  if (given.listen === null) {
    if (certificate !== null) throw new UsageError("--tls-cert needs --listen");
    return null;
  }
  const at = listenAddress(given.listen);
  if (certificate === null || key === null) return { at, names, certificate: null };
  return { at, names, certificate: { certificate: await textOf(resolve(io.cwd, certificate)), key: await textOf(resolve(io.cwd, key)) } };
}

/** Passwords and tokens must not cross a network in the clear. */
export function assertProtected({ at, certificate }: ListenPlan, login: Login | null): void {
  if (login === null || certificate !== null || login.credentials.proxies !== null) return;
  const isLocal = at.host === "localhost" || addressUse(at.host).scope === "loopback";
  if (!isLocal) throw new UsageError(`a login at ${at.host} needs TLS`, "give --tls-cert and --tls-key, list a proxy in watch.page, or listen on 127.0.0.1");
}

/** With an exporter, /probe is served, too. */
export async function serveStatus({ at, certificate, names }: ListenPlan, site: StatusSite, exporter: Exporter | null): Promise<HttpServing> {
  const options = { certificate, mayPost: isHeartbeat, hosts: (path: string) => hostsOf(path, site.login, names) };
  const server =
    exporter === null
      ? await serveHttp(at, (path, asked) => site.answer(path, asked), options)
      : await serveHttp(at, withExporter(site, exporter), { ...options, mostConnections: exporter.options.most + MORE_CONNECTIONS });
  return {
    address: server.address,
    close: () => {
      site.close();
      server.close();
    },
  };
}

/** Where a login protects what is served, or the token of a heartbeat does, a page of another site has nothing to show for the name that led it here. */
function hostsOf(path: string, login: Login | null, names: readonly string[]): readonly string[] | null {
  if (isHeartbeat(path)) return null;
  if (names.length === 0) return login === null ? [] : null;
  return login?.oidc == null ? names : [...names, new URL(login.oidc.settings.url).hostname];
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new RequestError(fileProblem(file, error), "usage", []);
  });
}
