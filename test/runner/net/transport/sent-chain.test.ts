import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../../../runner/harness/run.js";
import { tlsGrant } from "../../../../runner/net/transport/tls.js";
import type { TlsFacts } from "../../../../schemas/tls.js";
import { certificate } from "../../../support/certificates.js";
import { programPath } from "../../../support/programs.js";
import { realServer } from "../../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../../support/run-daemon.js";
import { testRun } from "../../../support/smtp-context.js";
import { AUTHORITY, TlsAuthority } from "../../../support/tls-authority.js";

const made = new TlsAuthority();
beforeAll(() => {
  made.issue("root", { issuer: null, extensions: AUTHORITY });
  made.issue("stranger", { issuer: null, extensions: AUTHORITY });
  made.issue("intermediate", { issuer: "root", extensions: AUTHORITY });
  made.issue("leaf", { issuer: "intermediate" });
  made.issue("sha1", { issuer: "intermediate", hash: "sha1" });
  made.issue("small", { issuer: "intermediate", key: "rsa:1024" });
  made.issue("rsa", { issuer: "intermediate", key: "rsa:2048" });
  made.issue("elsewhere", { issuer: "root", extensions: [...AUTHORITY, "nameConstraints=critical,permitted;DNS:example.net"] });
  made.issue("forbidden", { issuer: "elsewhere" });
  made.issue("allowed", { issuer: "elsewhere", extensions: ["subjectAltName=DNS:mx.example.net"] });
  made.issue("not-here", { issuer: "root", extensions: [...AUTHORITY, "nameConstraints=critical,excluded;DNS:example.org"] });
  made.issue("excluded", { issuer: "not-here" });
  made.issue("no-authority", { issuer: "root", extensions: ["basicConstraints=critical,CA:FALSE"] });
  made.issue("below-none", { issuer: "no-authority" });
  made.issue("for-clients", { issuer: "root", extensions: ["subjectAltName=DNS:mx.example.org", "extendedKeyUsage=clientAuth"] });
}, 60_000);
afterAll(() => made.remove());

const daemons: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop();
});

/** `openssl s_server` that sends the certificate, and these after it, as they are given. */
async function serveBy(name: string, chain: readonly string[], more: readonly string[] = []): Promise<number> {
  const after = chain.length === 0 ? [] : ["-cert_chain", made.bundle(`${name}-chain`, chain)];
  const own = ["-cert", made.path(name), "-key", made.path(name, "key"), "-cipher", "DEFAULT@SECLEVEL=0"];
  const daemon = await runDaemon("s_server", "openssl", (_, port) => ["s_server", "-accept", String(port), ...own, ...after, "-quiet", ...more]);
  daemons.push(daemon);
  return daemon.port;
}

async function factsAt(port: number, host = "mx.example.org", minVersion: "TLSv1" | "TLSv1.2" = "TLSv1.2"): Promise<TlsFacts> {
  const { state, context } = testRun(20_000);
  const connection = await context.tcp.connect({ host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 10_000 });
  try {
    return await tlsGrant(state).secure(connection, { host, min_version: minVersion, ca: made.pem("root") }, 10_000);
  } finally {
    connection.close();
    state.deadline.release();
  }
}

const names = (certificates: TlsFacts["chain"]): string[] => certificates.map(({ subject }) => subject.replace("CN=", ""));

test.each([
  ["TLSv1.3", []],
  ["TLSv1.2", ["-no_tls1_3"]],
] as const)("over %s the chain is what the server sent: in its order, with strangers, twice what came twice", async (version, more) => {
  const facts = await factsAt(await serveBy("leaf", ["stranger", "intermediate", "stranger"], more));
  expect(facts).toMatchObject({ version, authorised: true, problems: [], invalid_reasons: [] });
  expect(names(facts.chain)).toEqual(["leaf", "stranger", "intermediate", "stranger"]);
  expect(names(facts.verified_chain)).toEqual(["leaf", "intermediate", "root"]);
});

test("an authority that is known here and was not sent stands in the verified chain alone", async () => {
  const facts = await factsAt(await serveBy("leaf", ["intermediate"]));
  expect(names(facts.chain)).toEqual(["leaf", "intermediate"]);
  expect(names(facts.verified_chain)).toEqual(["leaf", "intermediate", "root"]);
});

test("nothing is verified where an intermediate certificate is missing", async () => {
  const facts = await factsAt(await serveBy("leaf", ["root"]));
  expect(facts).toMatchObject({ authorised: false, problems: ["incomplete_chain"], verified_chain: [] });
  expect(names(facts.chain)).toEqual(["leaf", "root"]);
});

test("each certificate has its signature and the size of its key", async () => {
  const facts = await factsAt(await serveBy("rsa", ["intermediate", "root"]));
  expect(facts.chain).toMatchObject([
    { key_type: "rsa", key_bits: 2048, signature_algorithm: "ecdsaWithSHA256", signature_hash: "sha256" },
    { key_type: "prime256v1", key_bits: 256, signature_algorithm: "ecdsaWithSHA256", signature_hash: "sha256" },
    { key_type: "prime256v1", key_bits: 256 },
  ]);
});

test.each([
  ["sha1", ["intermediate"], "weak_signature"],
  ["small", ["intermediate"], "weak_key"],
  ["forbidden", ["elsewhere"], "name_constraints"],
  ["excluded", ["not-here"], "name_constraints"],
  ["below-none", ["no-authority"], "not_an_authority"],
  ["for-clients", [], "wrong_purpose"],
] as const)("the certificate %s is invalid for a reason that is named", async (name, chain, reason) => {
  const facts = await factsAt(await serveBy(name, chain));
  expect(facts).toMatchObject({ authorised: false, invalid_reasons: [reason] });
  expect(facts.problems).toContain("invalid");
  // Under the security level for old versions OpenSSL accepts what is weak.
  expect((await factsAt(await serveBy(name, chain), "mx.example.org", "TLSv1")).invalid_reasons).toEqual([reason]);
});

test("an authority that may sign for some names only signs for those", async () => {
  expect(await factsAt(await serveBy("allowed", ["elsewhere"]), "mx.example.net")).toMatchObject({ authorised: true, invalid_reasons: [] });
});

realServer("the chain of gnutls and of nginx", ["gnutls-serv", "nginx"], () => {
  test("gnutls-serv", async () => {
    const file = made.bundle("gnutls", ["leaf", "intermediate"]);
    const more = ["--priority", "NORMAL", "--alpn", "imap", "--echo", "--noticket"];
    const daemon = await runDaemon("gnutls-serv", programPath("gnutls-serv") as string, (_, port) => [
      ...["--port", String(port), "--x509certfile", file, "--x509keyfile", made.path("leaf", "key")],
      ...more,
    ]);
    daemons.push(daemon);
    const facts = await factsAt(daemon.port);
    expect(names(facts.chain)).toEqual(["leaf", "intermediate"]);
    expect(names(facts.verified_chain)).toEqual(["leaf", "intermediate", "root"]);
  });

  test("nginx", async () => {
    const file = made.bundle("nginx", ["leaf", "intermediate", "root"]);
    const daemon = await runDaemon("nginx", programPath("nginx") as string, (folder, port) => {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`);
      const server = `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${file}; ssl_certificate_key ${made.path("leaf", "key")}; }`;
      const user = process.getuid?.() === 0 ? ["user root;"] : [];
      const lines = ["daemon off;", ...user, `pid ${folder}/nginx.pid;`, "events {}", "http {", "access_log off;", ...temporary, server, "}"];
      writeFileSync(join(folder, "nginx.conf"), lines.join("\n"));
      return ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", join(folder, "error.log")];
    });
    daemons.push(daemon);
    const facts = await factsAt(daemon.port);
    expect(names(facts.chain)).toEqual(["leaf", "intermediate", "root"]);
    expect(names(facts.verified_chain)).toEqual(["leaf", "intermediate", "root"]);
  });
});

test.each([
  ["network.imap", "imap", "* BYE not today\r\n"],
  ["network.pop3", "pop3", "-ERR not today\r\n"],
] as const)("%s offers %s as its protocol", async (probe, protocol, greeting) => {
  const { certificate: cert, key } = certificate("localhost");
  const offered: string[][] = [];
  const choose = ({ protocols }: { protocols: string[] }): string | undefined => {
    offered.push(protocols);
    return protocols[0];
  };
  const server = createServer({ cert, key, ALPNCallback: choose }, (socket) => {
    socket.on("error", () => {});
    socket.resume().end(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const { output } = await run(probe, { target_host: "127.0.0.1", target_port: port, tls: { mode: "implicit" } });
    expect(output).toMatchObject({ tls: { alpn: protocol } });
    expect(offered).toEqual([[protocol]]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
