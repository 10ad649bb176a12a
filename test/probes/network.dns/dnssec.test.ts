import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import type { RequestError } from "../../../runner/support/request-error.js";
import { delvVerdicts } from "../../support/delv.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { type SignedZone, type Signing, signZone, zoneHead } from "../../support/signed-zones.js";

const RECORDS = `www A 192.0.2.1
alias CNAME www
away CNAME www.ecdsa.lab.
astray CNAME www.expired.lab.
unsure CNAME www.unsigned.lab.
*.wild A 192.0.2.2
a.b.empty A 192.0.2.3
text TXT "of the zone"
tree DNAME www
moved DNAME ecdsa.lab.`;

/** Children of the zone lab, by what is done to them. */
const SIGNED: Readonly<Record<string, Signing>> = {
  "ed25519.lab": {},
  "ecdsa.lab": { algorithm: "ECDSAP256SHA256" },
  "ecdsa384.lab": { algorithm: "ECDSAP384SHA384", nsec3: true },
  "ed448.lab": { algorithm: "ED448" },
  "rsa.lab": { algorithm: "RSASHA256" },
  "rsa512.lab": { algorithm: "RSASHA512", nsec3: true },
  "nsec3.lab": { nsec3: true },
  "optout.lab": { nsec3: true, optOut: true },
  "hashes.lab": { nsec3: true, iterations: 140 },
  "costly.lab": { nsec3: true, iterations: 500 },
  "expired.lab": { expired: true },
  "forged.lab": { tamper: (text) => text.replaceAll("192.0.2.1", "192.0.2.99") },
};

const QUESTIONS: readonly [name: string, type: string][] = [
  ...["ed25519", "ecdsa", "ecdsa384", "ed448", "rsa", "rsa512", "nsec3", "hashes", "costly", "expired", "forged", "unsigned", "wrongkey"].flatMap(
    (zone): [string, string][] => [
      [`www.${zone}.lab`, "A"],
      [`www.${zone}.lab`, "TXT"],
      [`missing.${zone}.lab`, "A"],
    ],
  ),
  ...["ed25519", "nsec3", "optout"].flatMap((zone): [string, string][] => [
    [`${zone}.lab`, "SOA"],
    [`${zone}.lab`, "DS"],
    [`${zone}.lab`, "DNSKEY"],
    [`alias.${zone}.lab`, "A"],
    [`alias.${zone}.lab`, "TXT"],
    [`away.${zone}.lab`, "A"],
    [`astray.${zone}.lab`, "A"],
    [`unsure.${zone}.lab`, "A"],
    [`made.wild.${zone}.lab`, "A"],
    [`deep.made.wild.${zone}.lab`, "A"],
    [`made.wild.${zone}.lab`, "MX"],
    [`empty.${zone}.lab`, "A"],
    [`b.empty.${zone}.lab`, "A"],
    [`x.b.empty.${zone}.lab`, "A"],
    [`www.moved.${zone}.lab`, "A"],
  ]),
  ["unsigned.lab", "DS"],
  ["lab", "NS"],
  ["nowhere.lab", "A"],
];

let folder: string;
let nsd: NameServer;
let anchor: string;

realServer("network.dns validates as delv does", ["nsd", "ldns-signzone", "delv"], () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-dnssec-"));
    const children = Object.entries(SIGNED).map(([name, signing]) => [name, signZone(folder, name, RECORDS, signing)] as [string, SignedZone]);
    const other = signZone(folder, "wrongkey.lab", RECORDS);
    const strange = signZone(mkdtempSync(join(folder, "strange-")), "wrongkey.lab", RECORDS);
    const unsigned = join(folder, "unsigned");
    writeFileSync(unsigned, `${zoneHead("unsigned.lab")}${RECORDS}\n`);
    const below = [...Object.keys(SIGNED), "unsigned.lab", "wrongkey.lab"].map((name) => `${name}. NS ns.${name}.\nns.${name}. A 127.0.0.1`);
    const parent = signZone(folder, "lab", [...below, ...children.map(([, { key }]) => key), strange.key].join("\n"));
    anchor = parent.key;
    const paths = [...children, ["wrongkey.lab", other] as const, ["lab", parent] as const].map(([name, { path }]) => [name, path]);
    nsd = await startNsd({ ...Object.fromEntries(paths), "unsigned.lab": unsigned });
  }, 60_000);
  afterAll(async () => {
    await nsd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const verdicts = async (servers: readonly string[]): Promise<Output> => {
    const questions = QUESTIONS.map(([name, type]) => ({ name, type }));
    return (await runReport("network.dns", { questions, servers, dnssec: true, trust_anchors: [anchor] })).envelope.output as Output;
  };

  // delv shows it as validated; resolvers set no AD bit (RFC 5155, section 9.2). dnssec-knot.test.ts compares these with unbound.
  test("no verdict differs but that of what an opt-out span denies", async () => {
    const shown = ({ answers }: Output): string[] =>
      answers.map(({ name, type, dnssec, dnssec_detail: detail }) => `${type} ${name} ${dnssec} (${detail?.name}: ${detail?.reason})`);
    const ours = await verdicts(nsd.servers);
    const differences: string[] = [];
    for (const [index, theirs] of (await delvVerdicts({ folder, port: nsd.port, ds: anchor }, QUESTIONS)).entries())
      if (ours.answers[index]?.dnssec !== theirs) differences.push(`delv: ${theirs}, ours: ${shown(ours)[index]}`);
    const denied = ["MX made.wild.optout.lab", "A x.b.empty.optout.lab"];
    expect(differences).toEqual(denied.map((each) => expect.stringMatching(`^delv: secure, ours: ${each} insecure .*opt-out span`)));
  }, 120_000);

  test("a broken chain names the place, and the signature's days are counted", async () => {
    const { answers, status } = await verdicts(nsd.servers);
    const of = (name: string, type = "A") => answers.find((answer) => answer.name === name && answer.type === type);
    expect(status).toBe("error");
    expect(of("www.wrongkey.lab")).toMatchObject({
      dnssec: "bogus",
      dnssec_detail: { name: "wrongkey.lab", reason: "no key of the zone fits its DS record" },
    });
    expect(of("www.expired.lab")).toMatchObject({
      dnssec: "bogus",
      dnssec_detail: { name: "expired.lab", reason: expect.stringContaining("expired on 2020-02-01T00:00:00Z") },
    });
    expect(of("www.unsigned.lab")).toMatchObject({ dnssec: "insecure", dnssec_detail: { name: "unsigned.lab" } });
    expect(of("www.forged.lab")?.dnssec_detail).toMatchObject({ name: "www.forged.lab", reason: "the signature does not fit the data" });
    expect(of("www.ed25519.lab")?.dnssec_detail?.signature_days_left).toBeCloseTo(30, 0);
  }, 60_000);

  test("an anchor of another zone leads nowhere, and one that cannot be read is reported before anything is sent", async () => {
    const away = { name: "www.ed25519.lab", types: ["A"], servers: nsd.servers, dnssec: true };
    const output = (await runReport("network.dns", { ...away, trust_anchors: [anchor.replace("lab.", "elsewhere.")] })).envelope.output as Output;
    expect(output.answers[0]).toMatchObject({ dnssec: "indeterminate", dnssec_detail: { reason: "no trust anchor leads to it" } });
    const error = await runReport("network.dns", { ...away, trust_anchors: ["lab. DS 1 2 three", anchor] }).catch((reason: unknown) => reason);
    expect((error as RequestError).violations.map(({ pointer }) => pointer)).toEqual(["/trust_anchors/0"]);
  });
});
