import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "../../runner/lab/self-signed.js";
import type { Certificate } from "../../runner/net/transport/listen.js";

const authority = selfSigned({ names: ["Authority of policy hosts"], authority: true });
/** What a client has to trust (PEM). */
export const POLICY_AUTHORITY = authority.certificate;

/** A certificate of that authority. */
export function policyCertificate(...names: readonly string[]): Certificate {
  return selfSigned({ names, issuer: authority });
}

export interface PolicyHost {
  readonly port: number;
  /** "host path", in order. */
  readonly requests: readonly string[];
  /** What is served from now on. */
  policy: string;
  close(): Promise<void>;
}

export interface PolicyHostOptions {
  policy?: string;
  certificate?: Certificate;
  /** Instead of the policy. */
  answer?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Serves a domain's MTA-STS policy on the loopback. */
export async function startPolicyHost({ policy = "", certificate = policyCertificate("mta-sts.example.org"), answer }: PolicyHostOptions): Promise<PolicyHost> {
  const requests: string[] = [];
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, (request, response) => {
    requests.push(`${request.headers.host} ${request.url}`);
    if (answer !== undefined) answer(request, response);
    else response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(host.policy);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host: PolicyHost = {
    port: (server.address() as AddressInfo).port,
    requests,
    policy,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return host;
}
