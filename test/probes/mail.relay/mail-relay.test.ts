import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.relay/schema.js";
import { labOf } from "../../../runner/harness/registry.js";
import { runReport } from "../../../runner/harness/run.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { realServer } from "../../support/real-servers.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function ask(input: Record<string, unknown>): Promise<Output> {
  return (await runReport("mail.relay", input)).envelope.output as Output;
}

const accepted = ({ relay_attempts: attempts }: Output): string[] => attempts.filter(({ outcome }) => outcome === "accepted").map(({ name }) => name);

describe("mail.relay", () => {
  test.each([
    ["closed", "ok", []],
    ["percent", "warning", ["percent"]],
    ["open", "warning", ["plain", "null_sender", "percent", "bang", "quoted"]],
  ])("the lab's %s", async (name, status, names) => {
    const lab = await (await labOf("mail.relay"))?.start(() => 0);
    if (lab === undefined) throw new Error("mail.relay has no lab");
    open.push(lab);
    const output = await ask(lab.servers.find((each) => each.name === name)?.input ?? {});
    expect(output).toMatchObject({ status, failure: null });
    expect(accepted(output)).toEqual(expect.arrayContaining(names));
    if (names.length === 0) expect(accepted(output)).toEqual([]);
    expect(output.operations.map((operation) => operation.name)).not.toContain("DATA");
  });

  test.each(["no address", "a@[192.0.2.1]", '"a b"@example.net', "a@example.net\r\nRCPT TO:<b@example.org>"])(
    "%j is refused before anything is sent",
    async (own) => {
      await expect(ask({ target_host: "127.0.0.1", target_port: 9, own_address: own })).rejects.toMatchObject({ violations: [{ pointer: "/own_address" }] });
    },
  );
});

realServer("mail.relay, with postfix", ["postfix"], () => {
  let closed: Postfix;
  let relaying: Postfix;

  beforeAll(async () => {
    // Of this machine, nothing is trusted: otherwise every loopback client may relay.
    closed = await startPostfix({ settings: () => ({ mynetworks: "192.0.2.0/24" }) });
    relaying = await startPostfix({
      settings: () => ({ mynetworks: "127.0.0.0/8", smtpd_relay_restrictions: "permit_mynetworks, reject", default_transport: "smtp" }),
    });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([closed?.stop(), relaying?.stop()]);
  });

  test("that does not relay for strangers refuses every form", async () => {
    const output = await ask({ target_host: closed.host, target_port: closed.plain, own_address: "relay-test@example.net", target_domain: "example.org" });
    expect(output).toMatchObject({ status: "ok", failure: null });
    expect(accepted(output)).toEqual([]);
    expect(output.relay_attempts.map(({ outcome }) => outcome)).toEqual(new Array(7).fill("refused"));
  });

  test("that trusts this client accepts them", async () => {
    const output = await ask({
      target_host: relaying.host,
      target_port: relaying.plain,
      own_address: "relay-test@example.net",
      target_domain: "example.org",
    });
    expect(output.status).toBe("warning");
    expect(output.status).toBe("warning");
    expect(accepted(output)).toEqual(expect.arrayContaining(["plain", "null_sender", "own_sender"]));
  });
});
