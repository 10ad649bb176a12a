import { describe, expect, test } from "vitest";
import { keyOfRule } from "../../../runner/delivery/route/tls-policies.js";
import type { HostTls } from "../../../runner/tls-policy/policy.js";
import { closeAfterEach, closing, internet, mail, service } from "../../support/delivery.js";
import { POLICY_AUTHORITY, policyCertificate, startPolicyHost } from "../../support/policy-host.js";

closeAfterEach();

const ZONE = 'one MX 10 mx\ntwo MX 10 other\n_mta-sts.one TXT "v=STSv1; id=1"\nmta-sts.one A 127.0.0.1';

/** The policy host of one.example answers when the test says so; two.example has none. */
async function world() {
  let answerNow = (): void => undefined;
  const answering = new Promise<void>((resolve) => {
    answerNow = resolve;
  });
  const answer = (_: unknown, response: { writeHead(code: number): { end(): void } }): void => void answering.then(() => response.writeHead(404).end());
  const host = closing(await startPolicyHost({ certificate: policyCertificate("mta-sts.one.example"), answer }));
  const net = await internet(ZONE, { mx: ["127.0.0.11", {}], other: ["127.0.0.12", {}] });
  const policy = { policy_port: host.port, ca: POLICY_AUTHORITY };
  // The policy host is slow: nothing else may be what ends a look-up or a message.
  return { net, answerNow, delivery: service(net, { timeout_ms: 60_000, command_timeout_ms: 60_000, tls: policy }) };
}

describe("a domain whose policy host is slow", () => {
  test("does not delay the other domains of a message", async () => {
    const { net, answerNow, delivery } = await world();
    const sending = delivery.send(mail(["bob@one.example", "cem@two.example"]));
    await expect.poll(() => net.host("other").messages.length).toBe(1);
    expect(net.host("mx").messages).toEqual([]);
    answerNow();
    expect((await sending).recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]);
    expect(net.host("other").messages).toHaveLength(1);
  });

  test("a run that ends before it reports all recipients, and does not cancel the look-up of others", async () => {
    const { answerNow, delivery } = await world();
    const impatient = new AbortController();
    const first = delivery.send(mail(["bob@one.example", "cem@two.example"]), { signal: impatient.signal });
    const second = delivery.send(mail("dee@one.example"));
    // The message to two.example was accepted.
    await expect.poll(() => delivery.stats().sessions_idle).toBe(1);
    impatient.abort();
    expect((await first).recipients.map(({ outcome, next }) => [outcome, next])).toEqual([
      ["failed", "may_be_tried"],
      ["delivered", "nothing"],
    ]);
    answerNow();
    expect((await second).recipients.map(({ outcome }) => outcome)).toEqual(["delivered"]);
  });
});

test("a session that allowed an older TLS version is not used for a message that requires a newer one", () => {
  const rule = { level: "encrypt", source: "configured", minVersion: "TLSv1.2", referenceNames: [], tlsa: [], fingerprints: [] } as unknown as HostTls;
  expect(keyOfRule(rule)).not.toBe(keyOfRule({ ...rule, minVersion: "TLSv1.3" }));
});
