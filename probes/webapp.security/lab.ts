import { defineLab } from "../../runner/harness/define-lab.js";
import { type Site, startHttpServer } from "../../runner/lab/http-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";

const GOOD: Site = (path) => {
  if (path === "/.well-known/security.txt")
    return { headers: { "content-type": "text/plain" }, body: "Contact: mailto:security@example.org\nExpires: 2099-01-01T00:00:00Z\n" };
  return {
    headers: {
      "content-type": "text/html",
      "strict-transport-security": "max-age=63072000; includeSubDomains; preload",
      "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "permissions-policy": "camera=()",
      "cross-origin-opener-policy": "same-origin",
      "set-cookie": ["sid=1; Secure; HttpOnly; SameSite=Lax"],
    },
    body: "<!doctype html><p>Safe.",
  };
};

const WEAK: Site = (_path, { headers }) => ({
  headers: {
    "content-type": "text/html",
    server: "Example/1.2.3",
    "set-cookie": ["sid=1"],
    ...(headers.origin === undefined ? {} : { "access-control-allow-origin": headers.origin, "access-control-allow-credentials": "true" }),
  },
  body: '<!doctype html><img src="http://example.org/a.png">',
});

const MODERN_TLS = { minVersion: "TLSv1.2", ciphers: "TLS_AES_128_GCM_SHA256:ECDHE+AESGCM" } as const;
const OLD_TLS = { minVersion: "TLSv1", maxVersion: "TLSv1.2", ciphers: "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0" } as const;

export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["localhost", "127.0.0.1"] });
    const good = await startHttpServer(GOOD, { certificate, tls: MODERN_TLS, port: nextPort() });
    const weak = await startHttpServer(WEAK, { certificate, tls: OLD_TLS, port: nextPort() });
    // Nothing listens on port 1: the lab serves no plain HTTP. HSTS is for names, so the URLs have one.
    const input = { tls: { verify: "ignore" }, http_port: 1, address_family: "ipv4" };
    return {
      servers: [
        { name: "weak", summary: "A page without protection.", input: { url: `https://localhost:${weak.port}/`, ...input } },
        { name: "good", summary: "A page with all of its headers.", input: { url: `https://localhost:${good.port}/`, ...input } },
      ],
      async close() {
        await good.close();
        await weak.close();
      },
    };
  },
});
