import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/security.ldap/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startLdapServer } from "../../../runner/lab/ldap-server.js";
import { encodeFilter } from "../../../runner/net/ldap/filter.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { sendInWay, WAYS } from "../../support/byte-ways.js";
import { clientCertificates } from "../../support/client-certificates.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";
import { LDAP_ADMIN, LDAP_BASE, LDAP_PERSON, startSlapd } from "../../support/slapd.js";

const execute = promisify(execFile);
const open: { close(): Promise<unknown> }[] = [];
let daemon: RunningDaemon | null = null;
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await daemon?.stop();
  daemon = null;
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("security.ldap", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 5000, ...input } as never)).output as Output;
}

/** Answers each request with the next of these messages (in hexadecimal), in each way. */
async function answers(messages: readonly string[], input: object = {}): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const way of WAYS) {
    const left = [...messages];
    const server = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("data", () => void sendInWay(socket, Buffer.from((left.shift() ?? "").replaceAll(" ", ""), "hex").toString("latin1"), way));
    });
    open.push(server);
    outputs.push(await ask(server.port, { command_timeout_ms: 500, ...input }));
  }
  return outputs;
}

describe("a login by SCRAM", () => {
  const bind = { mechanism: "SCRAM-SHA-256", username: "ann", password: "correct-horse" };
  /** The root DSE cannot be read here. */
  const hidden = "30 0c 02 01 01 65 07 0a 01 00 04 00 04 00";

  test("that the server accepts without a proof is not believed", async () => {
    for (const output of await answers([hidden, "30 0c 02 01 02 61 07 0a 01 00 04 00 04 00"], { bind }))
      expect(output.failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("ends at an invalid challenge", async () => {
    for (const output of await answers([hidden, "30 0f 02 01 02 61 0a 0a 01 0e 04 00 04 00 87 01 78"], { bind }))
      expect(output.failure).toMatchObject({ phase: "auth", code: "protocol_violation" });
  });

  test("needs a user name, and a simple bind a DN", async () => {
    for (const [mechanism, pointer] of [
      ["SCRAM-SHA-256", "/bind/username"],
      ["simple", "/bind/dn"],
    ])
      await expect(ask(1, { bind: { mechanism, password: "x" } })).rejects.toMatchObject({ violations: [{ pointer }] });
  });
});

describe("what servers answer", () => {
  test.each<[what: string, message: string, failure: object]>([
    [
      "a notice of disconnection",
      "30 20 02 01 00 78 1b 0a 01 34 04 00 04 14 73 68 75 74 74 69 6e 67 20 64 6f 77 6e 20 6e 6f 77 2e 2e 2e 2e",
      { code: "closed", message: expect.stringContaining("unavailable, shutting down") },
    ],
    ["an answer to another message", "30 0c 02 01 63 65 07 0a 01 00 04 00 04 00", { code: "protocol_violation" }],
    ["an answer of another kind", "30 0c 02 01 01 61 07 0a 01 00 04 00 04 00", { code: "protocol_violation" }],
    ["an indefinite length", "30 80 02 01 01", { code: "protocol_violation" }],
    ["a message of 2 GiB", "30 84 7f ff ff ff 02 01 01", { code: "limit_exceeded" }],
    ["SMTP", Buffer.from("220 mx.example.org ESMTP\r\n").toString("hex"), { code: "protocol_violation" }],
    ["silence", "", { code: "timeout" }],
  ])("%s ends it with a failure", async (_, message, failure) => {
    for (const output of await answers([message])) expect(output).toMatchObject({ status: "error", failure: { phase: "command", ...failure } });
  });

  test("an empty root DSE is hidden, and no failure", async () => {
    const done = (id: string) => `30 0c 02 01 ${id} 65 07 0a 01 00 04 00 04 00`;
    const whoAmI = "30 0c 02 01 02 78 07 0a 01 02 04 00 04 00";
    for (const output of await answers([done("01"), whoAmI]))
      expect(output).toMatchObject({
        status: "warning",
        failure: null,
        root_dse: null,
        anonymous_read: null,
        who_am_i: null,
        findings: [{ reason: "root_dse_hidden" }],
      });
  });

  test("text after the answer to StartTLS is refused", async () => {
    const accepted = "30 0c 02 01 01 78 07 0a 01 00 04 00 04 00";
    const [whole] = await answers([`${accepted} 30 0c 02 01 02 65 07 0a 01 00 04 00 04 00`], { tls: { mode: "starttls" } });
    expect(whole).toMatchObject({ failure: { phase: "starttls", code: "protocol_violation", message: expect.stringContaining("injection") } });
  });

  test("StartTLS that is unavailable", async () => {
    for (const output of await answers(["30 0c 02 01 01 78 07 0a 01 34 04 00 04 00"], { tls: { mode: "starttls" } }))
      expect(output).toMatchObject({
        starttls: "refused",
        failure: { phase: "starttls", code: "reply_rejected", message: expect.stringContaining("unavailable") },
      });
  });

  test("Active Directory's reason for a refused bind", async () => {
    const server = await startLdapServer();
    open.push(server);
    const text = Buffer.from("80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v3839\0");
    const body = Buffer.concat([Buffer.from([0x0a, 1, 49, 4, 0, 4, text.length]), text]);
    const bound = Buffer.concat([Buffer.from([0x30, body.length + 5, 2, 1, 2, 0x61, body.length]), body]).toString("hex");
    const done = "30 0c 02 01 01 65 07 0a 01 00 04 00 04 00";
    const bind = { dn: "ann@example.org", password: "wrong-password", allow_plaintext: true };
    for (const output of await answers([done, bound], { bind }))
      expect(output).toMatchObject({
        bind: { accepted: false, result: "invalidCredentials", sub_code: "52e" },
        failure: { phase: "auth", code: "reply_rejected" },
      });
  });
});

test("a password is not sent in plain text unless that is allowed, and never an empty one", async () => {
  const server = await startLdapServer();
  open.push(server);
  expect(await ask(server.port, { bind: { dn: "cn=lab,dc=example,dc=org", password: "lab-password" } })).toMatchObject({
    bind: null,
    failure: { phase: "auth", code: "not_permitted" },
  });
});

/** RFC 4511, section 4.5.1.7, by hand. */
test.each([
  ["(cn=a*b*c)", "a40f0402636e3009800161810162820163"],
  ["(a=*)", "870161"],
  ["(!(b=1))", "a208a306040162040131"],
  ["(a>=\\2a)", "a50604016104012a"],
])("the filter %s", (filter, hex) => {
  expect(encodeFilter(filter).toString("hex")).toBe(hex);
});

test.each(["cn=a", "(cn=a", "(cn=a))", "(&)", "(cn=\\zz)", "()", "(=x)", `${"(!".repeat(40)}(a=1)${")".repeat(40)}`])(
  "the filter %s is none, and nothing is sent",
  async (filter) => {
    await expect(ask(1, { search: { filter } })).rejects.toMatchObject({ violations: [{ pointer: "/search/filter" }] });
  },
);

test("EXTERNAL needs TLS and a client certificate, and a certificate its key", async () => {
  const { known, unknown } = clientCertificates("ann");
  const external = { bind: { mechanism: "EXTERNAL" } };
  const pointers = (input: object): Promise<unknown> => ask(1, input).catch(({ violations }) => violations.map(({ pointer }: { pointer: string }) => pointer));
  expect(await pointers(external)).toEqual(["/tls/client_certificate", "/tls/mode"]);
  expect(await pointers({ tls: { mode: "starttls", client_certificate: known.certificate } })).toEqual(["/tls/client_key"]);
  expect(await pointers({ tls: { mode: "starttls", client_key: known.key } })).toEqual(["/tls/client_certificate"]);
  const mixed = { client_certificate: known.certificate, client_key: unknown.key };
  expect(await pointers({ tls: { mode: "starttls", ...mixed } })).toEqual(["/tls/client_key"]);
  expect(await pointers({ tls: { mode: "starttls", ...mixed, client_certificate: "none" } })).toEqual(["/tls/client_certificate"]);
});

realServer("OpenLDAP and its clients", ["slapd", "ldapwhoami"], () => {
  test("EXTERNAL by a client certificate: the identity is that of ldapwhoami, and the key is seen nowhere", async () => {
    const { authority, known, unknown } = clientCertificates("ann");
    daemon = await startSlapd("by * read", { clientAuthority: authority });
    const [certificatePath, keyPath] = [join(daemon.folder, "client.pem"), join(daemon.folder, "client.key")];
    writeFileSync(certificatePath, known.certificate);
    writeFileSync(keyPath, known.key, { mode: 0o600 });
    const tls = { mode: "starttls", verify: "ignore" };
    const byReference = { client_certificate: { secret: `file:${certificatePath}` }, client_key: { secret: `file:${keyPath}` } };
    const output = await ask(daemon.port, { tls: { ...tls, ...byReference }, bind: { mechanism: "EXTERNAL" } });
    expect(output).toMatchObject({ status: "ok", failure: null, bind: { mechanism: "EXTERNAL", accepted: true, result_code: 0 } });
    expect(output.root_dse?.sasl_mechanisms).toContain("EXTERNAL");
    const { stdout } = await execute(programPath("ldapwhoami") as string, ["-Q", "-Y", "EXTERNAL", "-ZZ", "-H", `ldap://127.0.0.1:${daemon.port}`], {
      env: { ...process.env, LDAPTLS_CERT: certificatePath, LDAPTLS_KEY: keyPath, LDAPTLS_REQCERT: "never", LDAPNOINIT: undefined },
    });
    expect(output.who_am_i).toBe(stdout.trim());
    expect(output.who_am_i).toBe("dn:cn=ann");
    expect(JSON.stringify(output)).not.toContain(known.key.split("\n")[1] as string);

    // With "try" the server ends the session for a certificate that it does not trust.
    const stranger = { client_certificate: unknown.certificate, client_key: unknown.key };
    const refused = await ask(daemon.port, { tls: { ...tls, ...stranger }, bind: { mechanism: "EXTERNAL" } });
    expect(refused).toMatchObject({ status: "error", bind: null, who_am_i: null });
    expect(refused.failure?.code).toMatch(/^(tls_certificate|tls_protocol|closed|reset)$/);
  });

  test("a key that a file holds and that is of another certificate is the request's fault", async () => {
    const { authority, known, unknown } = clientCertificates("ann");
    daemon = await startSlapd("by * read", { clientAuthority: authority });
    const keyPath = join(daemon.folder, "client.key");
    writeFileSync(keyPath, unknown.key, { mode: 0o600 });
    const tls = { mode: "starttls", verify: "ignore", client_certificate: known.certificate, client_key: { secret: `file:${keyPath}` } };
    await expect(ask(daemon.port, { tls })).rejects.toMatchObject({ code: "invalid_input", violations: [{ pointer: "/tls/client_key" }] });
  });
});

realServer("OpenLDAP", ["slapd"], () => {
  test("SCRAM-SHA-256 never sends the password, and tells a wrong one", async () => {
    daemon = await startSlapd("by * read", { withPerson: true });
    const bind = { mechanism: "SCRAM-SHA-256", ...LDAP_PERSON };
    const output = await ask(daemon.port, { bind });
    expect(output).toMatchObject({ status: "ok", failure: null, bind: { mechanism: "SCRAM-SHA-256", accepted: true, result_code: 0 } });
    expect(output.who_am_i).toBe(`dn:cn=ann,${LDAP_BASE}`);
    expect(output.operations.filter(({ name }) => name === "BIND").map(({ code }) => code)[0]).toBe(14);
    const refused = await ask(daemon.port, { bind: { ...bind, password: "wrong" } });
    expect(refused).toMatchObject({ failure: { phase: "auth", code: "reply_rejected" }, bind: { accepted: false, result_code: 49 } });
  });

  test("an open directory: what it says of itself, a bind, a search and its limit", async () => {
    daemon = await startSlapd("by * read");
    const bind = { ...LDAP_ADMIN, allow_plaintext: true };
    const search = { scope: "one", filter: "(&(objectClass=organizationalUnit)(ou=unit*))", attributes: ["OU", "description"] };
    const output = await ask(daemon.port, { bind, search, expect: { min_entries: 5 }, prefer: { anonymous_read: false } });
    expect(output).toMatchObject({
      status: "warning",
      failure: null,
      anonymous_read: true,
      who_am_i: `dn:${LDAP_ADMIN.dn}`,
      bind: { accepted: true, result: "success" },
    });
    expect(output.root_dse).toMatchObject({ ldap_versions: ["3"], naming_contexts: [LDAP_BASE] });
    expect(output.root_dse?.extensions).toContain("1.3.6.1.4.1.1466.20037");
    expect(output.search).toMatchObject({ result: "success", entry_count: 5 });
    expect(output.search?.entries[0]).toEqual({
      dn: `ou=unit1,${LDAP_BASE}`,
      attributes: [
        { name: "OU", values: ["unit1"] },
        { name: "description", values: ["Grüße 1"] },
      ],
    });
    expect(JSON.stringify(output)).not.toContain("correct-horse");
    expect(await ask(daemon.port, { search: { scope: "sub", max_entries: 2 } })).toMatchObject({
      status: "ok",
      search: { result: "sizeLimitExceeded", entry_count: 2, entries: [] },
    });
  });

  test("a closed directory over StartTLS, and a wrong password", async () => {
    daemon = await startSlapd("by * none");
    const tls = { mode: "starttls", verify: "ignore" };
    expect(await ask(daemon.port, { tls, bind: LDAP_ADMIN, expect: { anonymous_read: false } })).toMatchObject({
      status: "ok",
      starttls: "secured",
      tls: { version: "TLSv1.3" },
      anonymous_read: false,
      bind: { accepted: true },
    });
    expect(await ask(daemon.port, { tls, bind: { ...LDAP_ADMIN, password: "wrong-password" } })).toMatchObject({
      status: "error",
      bind: { result_code: 49 },
      failure: { phase: "auth" },
    });
  });
});
