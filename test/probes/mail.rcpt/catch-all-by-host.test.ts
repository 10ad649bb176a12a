import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type FakeInternet, type MxBehaviour, startFakeInternet } from "../../support/fake-internet.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

const open: FakeInternet[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const UNKNOWN = "550 5.1.1 User unknown";
const takesAll: MxBehaviour = { rcpt: () => "250 2.1.5 OK" };
const knows = (...names: string[]): MxBehaviour => ({ rcpt: (address) => (names.includes(address.split("@")[0] as string) ? "250 2.1.5 OK" : UNKNOWN) });

async function internet(zone: string, hosts: Parameters<typeof startFakeInternet>[1]): Promise<FakeInternet> {
  const started = await startFakeInternet(zone, hosts);
  open.push(started);
  return started;
}

async function ask({ port, servers }: FakeInternet, input: Record<string, unknown>): Promise<RcptOutput> {
  const { mx_host: _, ...common } = rcptInput(port);
  return (await run("mail.rcpt@1.0.0", { ...common, resolver: { servers }, ...input })).output as RcptOutput;
}

const verdicts = ({ results }: RcptOutput): string[] => results.map(({ email, verdict, mx_host: host }) => `${email.split("@")[0]} ${verdict} ${host}`);

const TWO_HOSTS = "two MX 10 primary\ntwo MX 20 backup";

describe("a domain with two hosts that treat addresses differently", () => {
  test("an address that the backup accepts is not valid because the primary refused a random one", async () => {
    let refusals = 0;
    const primary: MxBehaviour = {
      rcpt: (address) => {
        if (address.startsWith("ada@")) return "250 2.1.5 OK";
        refusals += 1;
        return refusals > 1 ? "421 4.7.0 too busy" : UNKNOWN;
      },
    };
    const net = await internet(TWO_HOSTS, { primary: ["127.0.31.1", primary], backup: ["127.0.31.2", takesAll] });
    const emails = ["ada", "gone", "missing1", "missing2", "missing3"].map((name) => `${name}@two.example`);
    const output = await ask(net, { emails });
    // The primary was left before it was asked about a random address.
    expect(verdicts(output)).toEqual([
      "ada risky primary.example",
      "gone invalid primary.example",
      "missing1 risky backup.example",
      "missing2 risky backup.example",
      "missing3 risky backup.example",
    ]);
    expect(output.domains[0]?.catch_all).toMatchObject({ verdict: "yes", mx_host: "backup.example", ip_address: "127.0.31.2" });
  });

  test("a reply of the primary in an earlier run does not make an address valid that the backup accepts", async () => {
    let isUp = true;
    const primary: MxBehaviour = { ...knows("ada"), greeting: () => (isUp ? "220 primary ESMTP" : "421 4.3.2 not now") };
    const net = await internet(TWO_HOSTS, { primary: ["127.0.31.3", primary], backup: ["127.0.31.4", takesAll] });
    expect(verdicts(await ask(net, { email: "ada@two.example" }))).toEqual(["ada valid primary.example"]);
    isUp = false;
    expect(verdicts(await ask(net, { email: "missing@two.example" }))).toEqual(["missing risky backup.example"]);
  });

  test("a backup that accepts everything does not cast doubt on the primary's replies", async () => {
    let isUp = false;
    const primary: MxBehaviour = { ...knows("ada"), greeting: () => (isUp ? "220 primary ESMTP" : "421 4.3.2 not now") };
    const net = await internet(TWO_HOSTS, { primary: ["127.0.31.5", primary], backup: ["127.0.31.6", takesAll] });
    expect(verdicts(await ask(net, { email: "missing@two.example" }))).toEqual(["missing risky backup.example"]);
    isUp = true;
    const second = await ask(net, { email: "ada@two.example" });
    expect(verdicts(second)).toEqual(["ada valid primary.example"]);
    expect(second.domains[0]?.catch_all).toMatchObject({ verdict: "no", from_cache: false, mx_host: "primary.example" });
    // Kept under the host that gave it.
    expect((await ask(net, { email: "ada@two.example" })).domains[0]?.catch_all).toMatchObject({ verdict: "no", from_cache: true });
  });

  test("one host name with two addresses counts as two hosts", async () => {
    let isUp = true;
    const first: MxBehaviour = { ...knows("ada"), greeting: () => (isUp ? "220 farm ESMTP" : "421 4.3.2 not now") };
    const net = await internet("pair MX 10 farm\nfarm A 127.0.31.7\nfarm A 127.0.31.8", { first: ["127.0.31.7", first], second: ["127.0.31.8", takesAll] });
    expect((await ask(net, { email: "ada@pair.example" })).results[0]).toMatchObject({ verdict: "valid", ip_address: "127.0.31.7" });
    isUp = false;
    expect((await ask(net, { email: "gone@pair.example" })).results[0]).toMatchObject({ verdict: "risky", ip_address: "127.0.31.8" });
  });
});

test("the addresses of a provider's customers are checked at their own hosts", async () => {
  const serves = (domain: string): MxBehaviour => ({ rcpt: (address) => (address === `ada@${domain}` ? "250 2.1.5 OK" : "550 Invalid Recipient") });
  const zone = "one MX 10 one.mail.protection.outlook.com.\nother MX 10 other.mail.protection.outlook.com.";
  const outlook =
    "$ORIGIN outlook.com.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\none.mail.protection A 127.0.31.9\nother.mail.protection A 127.0.31.10\n";
  const net = await startFakeInternet(
    zone,
    { "host-one": ["127.0.31.9", serves("one.example")], "host-other": ["127.0.31.10", serves("other.example")] },
    {
      zones: [`$ORIGIN example.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${zone}\n`, outlook],
    },
  );
  open.push(net);
  const output = await ask(net, { emails: ["ada@one.example", "ada@other.example"] });
  expect(output.results.map(({ verdict }) => verdict)).toEqual(["valid", "valid"]);
  expect(output.sites).toHaveLength(1);
});

test("the catch-all result of a site that became slow stays valid for the rest of a list", async () => {
  let isSilent = false;
  const mx: MxBehaviour = {
    ...knows("ada", "bob"),
    get silentAt() {
      return isSilent ? "rcpt" : "dot";
    },
  };
  const net = await internet("slow MX 10 mx", { mx: ["127.0.31.11", mx] });
  expect(verdicts(await ask(net, { email: "ada@slow.example" }))).toEqual(["ada valid mx.example"]);
  isSilent = true;
  for (let time = 0; time < 3; time++) await ask(net, { email: "bob@slow.example", command_timeout_ms: 200 });
  isSilent = false;
  const output = await ask(net, { email: "bob@slow.example" });
  expect(output.sites[0]?.profile).toBe("tarpit");
  expect(output.results[0]).toMatchObject({ verdict: "valid", catch_all: "no" });
  expect(output.domains[0]?.catch_all).toMatchObject({ from_cache: true });
});
