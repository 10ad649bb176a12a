import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import type { DnssecState } from "../../../schemas/dnssec.js";
import { delvVerdicts } from "../../support/delv.js";
import { type Knot, type KnotZone, startKnot } from "../../support/knot.js";
import { realServer } from "../../support/real-servers.js";
import { startUnbound } from "../../support/unbound.js";

const RECORDS = `www A 192.0.2.1
www AAAA 2001:db8::1
alias CNAME www
away CNAME www.p256.lab.
astray CNAME www.wrongkey.lab.
unsure CNAME www.unsigned.lab.
first CNAME alias
*.wild A 192.0.2.2
*.aliases CNAME www
a.b.empty A 192.0.2.3
@ MX 10 mail
mail A 192.0.2.4
svc HTTPS 1 . alpn=h2,h3
tree DNAME wild
moved DNAME p256.lab.
plain NS ns.plain
ns.plain A 127.0.0.1
below.inner NS ns.plain`;

const signed = (algorithm: string, ...policy: string[]): KnotZone => ({ records: RECORDS, algorithm, policy });

const ZONES: Readonly<Record<string, KnotZone>> = {
  "p256.lab": signed("ecdsap256sha256"),
  "p384.lab": signed("ecdsap384sha384", "nsec3: on", "nsec3-salt-length: 8"),
  "rsa.lab": signed("rsasha256"),
  "ed.lab": signed("ed25519", "nsec3: on", "nsec3-iterations: 5"),
  "out.lab": signed("ecdsap256sha256", "nsec3: on", "nsec3-opt-out: on"),
  "wrongkey.lab": signed("ed25519"),
  "island.lab": signed("ed25519"),
  "unsigned.lab": { records: RECORDS, algorithm: null },
};

/** What is true of every signed zone, written from RFC 4035, 5155, 6672 and 6840 before anything was asked. */
const IN_ANY_ZONE: readonly [name: string, type: string, state: DnssecState][] = [
  ["www", "A", "secure"],
  ["www", "MX", "secure"],
  ["alias", "A", "secure"],
  ["first", "AAAA", "secure"],
  ["away", "A", "secure"],
  ["astray", "A", "bogus"],
  ["unsure", "A", "insecure"],
  ["b.empty", "A", "secure"],
  ["svc", "HTTPS", "secure"],
  ["www.moved", "A", "secure"],
];

/** Secure, and insecure in an opt-out span: it may hold unsigned delegations, so that it proves nothing absent (RFC 5155, sections 9.2 and 12.2). */
const DENIED: readonly [name: string, type: string][] = [
  ["missing", "A"],
  ["x.missing", "TXT"],
  ["made.wild", "A"],
  ["made.wild", "MX"],
  ["deep.made.wild", "A"],
  ["any.aliases", "A"],
  ["one.tree", "A"],
  ["plain", "DS"],
  ["inner", "A"],
];
const IN_OPT_OUT = DENIED.map(([name, type]): [string, string, DnssecState] => [`${name}.out.lab`, type, "insecure"]);

const CASES: readonly [name: string, type: string, state: DnssecState][] = [
  ...["p256", "p384", "rsa", "ed", "out"].flatMap((zone) => [
    ...IN_ANY_ZONE.map(([name, type, state]) => [`${name}.${zone}.lab`, type, state] as const),
    ...[`SOA`, "MX", "DNSKEY", "DS", "TXT"].map((type) => [`${zone}.lab`, type, "secure"] as const),
  ]),
  ...["p256", "p384", "rsa", "ed"].flatMap((zone) => DENIED.map(([name, type]) => [`${name}.${zone}.lab`, type, "secure"] as const)),
  ["www.wrongkey.lab", "A", "bogus"],
  ["missing.wrongkey.lab", "A", "bogus"],
  ["www.island.lab", "A", "insecure"],
  ["missing.island.lab", "A", "insecure"],
  ["www.unsigned.lab", "A", "insecure"],
  ["island.lab", "DS", "secure"],
  ["lab", "SOA", "secure"],
  ["nowhere.lab", "A", "secure"],
].map(([name, type, state]) => [name, type, state] as [string, string, DnssecState]);

realServer("network.dns validates zones that knot signs as delv does", ["knotd", "keymgr", "delv", "unbound"], () => {
  let folder: string;
  let knot: Knot;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-knot-"));
    knot = await startKnot(ZONES, "lab", (keys) => {
      const delegation = (name: string): string => `${name}. NS ns.${name}.\nns.${name}. A 127.0.0.1`;
      const strange = (keys.get("island.lab") as string).replace("island.lab", "wrongkey.lab");
      const own = [...keys].filter(([name]) => !["lab", "wrongkey.lab", "island.lab"].includes(name)).map(([, line]) => line);
      return [...Object.keys(ZONES).map(delegation), ...own, strange].join("\n");
    });
  }, 60_000);
  afterAll(async () => {
    await knot?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asked = async (cases: readonly (readonly [name: string, type: string, ...unknown[]])[], input: object): Promise<Output["answers"]> => {
    const questions = cases.map(([name, type]) => ({ name, type }));
    return ((await runReport("network.dns", { questions, timeout_ms: 120_000, ...input })).envelope.output as Output).answers;
  };
  const ourVerdicts = (cases: readonly (readonly [name: string, type: string, ...unknown[]])[]): Promise<Output["answers"]> =>
    asked(cases, { servers: knot.servers, dnssec: true, trust_anchors: [knot.keys.get("lab")] });

  // delv shows such a denial as validated; BIND's server and unbound set no AD bit, as the standard has it.
  test("an opt-out span proves nothing absent, as unbound has it", async () => {
    const unbound = await startUnbound(["lab", ...Object.keys(ZONES)], knot.port, [knot.keys.get("lab") as string]);
    try {
      const cases = [...IN_OPT_OUT, ...DENIED.map(([name, type]): [string, string, DnssecState] => [`${name}.ed.lab`, type, "secure"])];
      const theirs = await asked(cases, { servers: unbound.servers });
      const seen = (await ourVerdicts(cases)).map(({ dnssec }, index) => {
        const { rcode, flags } = theirs[index] as Output["answers"][number];
        return `${dnssec}, unbound ${rcode === "SERVFAIL" ? "bogus" : flags?.ad === true ? "secure" : "insecure"}`;
      });
      const right = cases.map(([name, type, state]) => `${type} ${name}: ${state}, unbound ${state}`);
      expect(cases.map(([name, type], index) => `${type} ${name}: ${seen[index]}`)).toEqual(right);
    } finally {
      await unbound.stop();
    }
  }, 60_000);

  test("every labelled case, and not one verdict differs", async () => {
    const anchor = knot.keys.get("lab") as string;
    const answers = await ourVerdicts(CASES);
    const wrong: string[] = [];
    const verdicts = await delvVerdicts(
      { folder, port: knot.port, ds: anchor },
      CASES.map(([name, type]) => [name, type]),
    );
    for (const [index, [name, type, state]] of CASES.entries()) {
      const [ours, theirs] = [answers[index], verdicts[index]];
      if (ours?.dnssec !== state || theirs !== state)
        wrong.push(`${type} ${name}: ${state}, delv ${theirs}, ours ${ours?.dnssec} (${ours?.dnssec_detail?.reason})`);
    }
    expect(wrong).toEqual([]);
  }, 180_000);
});
