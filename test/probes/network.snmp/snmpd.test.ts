import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/network.snmp/schema.js";
import { run } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { startSnmpd } from "../../support/snmpd.js";

const SYSTEM = "1.3.6.1.2.1.1";
const AUTH = "correct-horse";
const PRIVACY = "battery-staple";

/** The names of snmpd, and ours. */
const USERS = [
  { name: "md5aes", as: ["MD5", "AES"], auth_protocol: "md5", privacy_protocol: "aes-128" },
  { name: "shaaes", as: ["SHA", "AES"], auth_protocol: "sha", privacy_protocol: "aes-128" },
  { name: "sha224", as: ["SHA-224", "AES"], auth_protocol: "sha-224", privacy_protocol: "aes-128" },
  { name: "sha256", as: ["SHA-256", "AES"], auth_protocol: "sha-256", privacy_protocol: "aes-128" },
  { name: "sha384", as: ["SHA-384", "AES"], auth_protocol: "sha-384", privacy_protocol: "aes-128" },
  { name: "sha512", as: ["SHA-512", "AES"], auth_protocol: "sha-512", privacy_protocol: "aes-128" },
] as const;

realServer("snmpd of Net-SNMP", ["snmpd", "snmpget"], () => {
  let agent: Awaited<ReturnType<typeof startSnmpd>>;

  beforeAll(async () => {
    const users = USERS.flatMap(({ name, as: [auth, privacy] }) => [`createUser ${name} ${auth} ${AUTH} ${privacy} ${PRIVACY}`, `rouser ${name} authpriv`]);
    agent = await startSnmpd([...users, `createUser signer SHA-256 ${AUTH}`, "rouser signer auth"]);
  }, 30_000);
  afterAll(() => agent.stop());

  const ask = async (input: object): Promise<Output> =>
    (await run("network.snmp", { target_host: "127.0.0.1", target_port: agent.port, ...input } as never)).output as Output;
  const asUser = (user: object, more: object = {}): Promise<Output> => ask({ version: "3", user, ...more });

  test.each(["1", "2c"])("version %s reads the same as snmpget", async (version) => {
    const oids = [`${SYSTEM}.1.0`, `${SYSTEM}.5.0`, `${SYSTEM}.6.0`];
    const output = await ask({ version, get: oids });
    const own = ["-v", version, "-c", "public", "-On", "-Oq", "-Oe", "-t", "10", `127.0.0.1:${agent.port}`, ...oids];
    const { stdout } = await promisify(execFile)(programPath("snmpget") as string, own);
    const theirs = stdout
      .trim()
      .split("\n")
      .map((line) => line.slice(1).replaceAll('"', ""));
    expect(output).toMatchObject({ status: "ok", failure: null, version });
    expect(output.values.map(({ oid, value }) => `${oid} ${value}`)).toEqual(theirs);
  });

  test("what is not there is an exception in 2c, and the same in version 1", async () => {
    for (const version of ["1", "2c"]) {
      const output = await ask({ version, get: [`${SYSTEM}.1.0`, `${SYSTEM}.99.0`] });
      expect(output).toMatchObject({ status: "error", findings: [{ reason: "no_such_object" }] });
      expect(output.values.find(({ oid }) => oid === `${SYSTEM}.1.0`)?.value).toBe("A test agent");
    }
    expect(await ask({ get: [`${SYSTEM}.1.5`] })).toMatchObject({ values: [{ type: "no_such_instance", value: null }] });
    expect(await ask({ get: [`${SYSTEM}.99.0`], expect: { [`${SYSTEM}.99.0`]: { absent: true } } })).toMatchObject({ status: "ok" });
  });

  test("a walk ends with its subtree, and at its limit", async () => {
    const output = await ask({ walk: [SYSTEM] });
    expect(output).toMatchObject({ status: "ok", truncated: false });
    expect(output.values.length).toBeGreaterThan(6);
    expect(output.values.every(({ oid }) => oid.startsWith(`${SYSTEM}.`))).toBe(true);
    expect(await ask({ walk: [SYSTEM], max_rows: 2 })).toMatchObject({
      status: "warning",
      truncated: true,
      findings: [{ reason: "walk_truncated" }],
      values: [{}, {}],
    });
  });

  test("values are judged", async () => {
    const expected = { expect: { [`${SYSTEM}.5.0`]: "agent.test" }, prefer: { [`${SYSTEM}.1.0`]: { contains: "switch" } } };
    expect(await ask({ get: [`${SYSTEM}.1.0`, `${SYSTEM}.5.0`], ...expected })).toMatchObject({ status: "warning", findings: [{ reason: "value_differs" }] });
  });

  test.each(USERS)("version 3 as $name, authenticated and encrypted", async ({ name, auth_protocol, privacy_protocol }) => {
    const output = await asUser({ name, auth_protocol, privacy_protocol, auth_password: AUTH, privacy_password: PRIVACY });
    expect(output).toMatchObject({ status: "ok", failure: null, version: "3", values: [{ value: "A test agent" }, { type: "timeticks" }] });
    expect(output.engine_id).toMatch(/^80/);
    expect(output.engine_boots).toBeGreaterThan(0);
    expect(JSON.stringify(output)).not.toMatch(/correct-horse|battery-staple/);
  });

  test("version 3, authenticated only", async () => {
    expect(await asUser({ name: "signer", auth_password: AUTH })).toMatchObject({ status: "ok", failure: null });
  });

  test.each<[what: string, user: object, message: RegExp]>([
    ["a wrong password", { name: "sha256", auth_password: "wrong-password", privacy_password: PRIVACY }, /wrongDigests/],
    ["another protocol", { name: "sha256", auth_protocol: "sha", auth_password: AUTH, privacy_password: PRIVACY }, /wrongDigests/],
    ["an unknown user", { name: "nobody", auth_password: AUTH, privacy_password: PRIVACY }, /unknownUserNames/],
    ["no encryption", { name: "unknown", auth_password: AUTH }, /unknownUserNames/],
  ])("%s is no timeout", async (_, user, message) => {
    expect(await asUser(user)).toMatchObject({ status: "error", failure: { phase: "auth", code: "reply_rejected", message: expect.stringMatching(message) } });
  });

  test("a wrong community is a timeout, and the message explains it", async () => {
    expect(await ask({ community: "not-this-one", command_timeout_ms: 400 })).toMatchObject({
      failure: { phase: "query", code: "timeout", message: expect.stringContaining("community is wrong") },
    });
  });
});
