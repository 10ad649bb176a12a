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

/**
 * An opt-out span may hold unsigned delegations (RFC 5155, section 12.2). A wildcard's answer is not secure then. BIND takes a name or a record that
 * such a span denies for proven, as we do.
 */
const DENIED: readonly [name: string, type: string, state: DnssecState, inOptOut: DnssecState][] = [
  ["missing", "A", "secure", "secure"],
  ["x.missing", "TXT", "secure", "secure"],
  ["made.wild", "A", "secure", "insecure"],
  ["made.wild", "MX", "secure", "secure"],
  ["deep.made.wild", "A", "secure", "insecure"],
  ["any.aliases", "A", "secure", "insecure"],
  ["one.tree", "A", "secure", "insecure"],
  ["plain", "DS", "secure", "secure"],
  ["inner", "A", "secure", "secure"],
];

const CASES: readonly [name: string, type: string, state: DnssecState][] = [
  ...["p256", "p384", "rsa", "ed", "out"].flatMap((zone) => [
    ...IN_ANY_ZONE.map(([name, type, state]) => [`${name}.${zone}.lab`, type, state] as const),
    ...[`SOA`, "MX", "DNSKEY", "DS", "TXT"].map((type) => [`${zone}.lab`, type, "secure"] as const),
  ]),
  ...["p256", "p384", "rsa", "ed"].flatMap((zone) => DENIED.map(([name, type, state]) => [`${name}.${zone}.lab`, type, state] as const)),
  ...DENIED.map(([name, type, , state]) => [`${name}.out.lab`, type, state] as const),
  ["www.wrongkey.lab", "A", "bogus"],
  ["missing.wrongkey.lab", "A", "bogus"],
  ["www.island.lab", "A", "insecure"],
  ["missing.island.lab", "A", "insecure"],
  ["www.unsigned.lab", "A", "insecure"],
  ["island.lab", "DS", "secure"],
  ["lab", "SOA", "secure"],
  ["nowhere.lab", "A", "secure"],
].map(([name, type, state]) => [name, type, state] as [string, string, DnssecState]);

realServer("network.dns validates zones that knot signs as delv does", ["knotd", "keymgr", "delv"], () => {
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

  test("every labelled case, and not one verdict differs", async () => {
    const anchor = knot.keys.get("lab") as string;
    const questions = CASES.map(([name, type]) => ({ name, type }));
    const input = { questions, servers: knot.servers, dnssec: true, trust_anchors: [anchor], timeout_ms: 120_000 };
    const { answers } = (await runReport("network.dns", input)).envelope.output as Output;
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
