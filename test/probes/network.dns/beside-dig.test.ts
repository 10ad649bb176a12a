import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Answer, Output } from "../../../probes/network.dns/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { RECORD_TYPES } from "../../../schemas/dns-types.js";
import { type DigAnswer, type DigRecord, digAnswers } from "../../support/dig.js";
import { startKnot } from "../../support/knot.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { signZone } from "../../support/signed-zones.js";
import { startUnbound } from "../../support/unbound.js";

const DIGEST = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const BASE64 = "AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==";

/** One name for each type, and some for what is not there. The types that signing adds are asked at the top of the zone. */
const RECORDS = `
www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::1
www AAAA 2001:db8:0:0:1::
alias CNAME www
chain CNAME alias
tree DNAME www
hinfo HINFO "Generic PC" "A \\"quoted\\" system\\;"
@ MX 10 mail
mail MX 0 .
txt TXT "plain" "" "with \\"quotes\\" and \\\\ backslash" "\\001\\255"
big TXT "${"x".repeat(250)}" "${"y".repeat(250)}" "${"z".repeat(250)}" "${"a".repeat(250)}" "${"b".repeat(250)}" "${"c".repeat(250)}"
ptr PTR www
rp RP admin.mail txt
afsdb AFSDB 1 www
loc LOC 52 22 23.000 N 4 53 32.500 E -2.00m 0.00m 10000m 10m
far LOC 33 51 35.9 S 151 12 40 W 4250.25m 20m 300m 2m
_sip._tcp SRV 10 60 5060 www
naptr NAPTR 100 10 "U" "E2U+sip" "!^.*$!sip:info@example.org!" .
kx KX 5 www
cert CERT 1 12345 8 ${BASE64}
child NS ns.child
ns.child A 192.0.2.3
child DS 12345 13 2 ${DIGEST}
sshfp SSHFP 4 2 ${DIGEST}
dhcid DHCID ${BASE64}
_25._tcp TLSA 3 1 1 ${DIGEST}
smimea SMIMEA 3 0 1 ${DIGEST}
openpgpkey OPENPGPKEY ${BASE64}
csync CSYNC 66 3 A NS AAAA
_dns SVCB 1 www alpn=dot port=853 key667=hello
https HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1
away HTTPS 0 www
spf SPF "v=spf1 -all"
uri URI 10 1 "https://www.example.org/path?q=1"
caa CAA 0 issue "ca.example.org"
caa CAA 128 iodef "mailto:security@example.org"
strange TYPE65280 \\# 4 0a000001
*.wild A 192.0.2.4
under_score A 192.0.2.5`;

const NAMES: Readonly<Record<string, readonly string[]>> = {
  A: ["www", "alias", "chain", "below.tree", "made.wild", "under_score", "missing", "b.www"],
  AAAA: ["www", "mail"],
  CNAME: ["alias"],
  DNAME: ["tree"],
  MX: ["", "mail"],
  TXT: ["txt", "big"],
  LOC: ["loc", "far"],
  SRV: ["_sip._tcp"],
  NS: ["", "child", "below.child"],
  DS: ["child"],
  TLSA: ["_25._tcp"],
  SVCB: ["_dns"],
  HTTPS: ["https", "away"],
  ANY: ["www"],
  // At the top of the zone, where signing puts some of them; for the others there is nothing.
  ...Object.fromEntries(["SOA", "RRSIG", "NSEC", "DNSKEY", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "ZONEMD"].map((type) => [type, [""]])),
};

/** Every type, at its own name. */
function questions(zone: string): (readonly [name: string, type: string])[] {
  const types = [...Object.keys(RECORD_TYPES), "TYPE65280"];
  const whole = (name: string): string => (name === "" ? zone : `${name}.${zone}`);
  return [
    ...types.flatMap((type) => (NAMES[type] ?? [type === "TYPE65280" ? "strange" : type.toLowerCase()]).map((name) => [whole(name), type] as const)),
    ["elsewhere.invalid", "A"],
  ];
}

/** What both show of a record, in one form: both are valid in a master file. */
function comparable({ type, data }: { readonly type: string; readonly data: string }): string {
  if (type === "CERT") return data.replace(/^PKIX /, "1 ").replace(/ RSASHA256 /, " 8 ");
  if (type === "SVCB" || type === "HTTPS") return data.replaceAll('"', "");
  if (type === "NSEC3" || type === "NSEC3PARAM") return data.toUpperCase();
  return data.startsWith("\\#") ? data.toLowerCase() : data;
}

type Shown = Pick<DigRecord, "name" | "type" | "data">;
const shown = (records: readonly Shown[]): string[] => records.map((record) => `${record.name} ${record.type} ${comparable(record)}`).sort();

/** What differs, in words. */
function differences(ours: Answer, theirs: DigAnswer, isCache: boolean): string[] {
  const flags = Object.entries(ours.flags ?? {}).flatMap(([flag, isSet]) => (isSet ? [flag] : []));
  const pairs = {
    rcode: [ours.rcode, theirs.rcode],
    flags: [flags.sort(), [...theirs.flags].sort()],
    answer: [shown(ours.records), shown(theirs.answer)],
    authority: [shown(ours.authority), shown(theirs.authority)],
    // A cache counts down.
    ...(isCache ? {} : { ttl: [ours.records.map(({ ttl }) => ttl).sort(), theirs.answer.map(({ ttl }) => ttl).sort()] }),
  };
  return Object.entries(pairs).flatMap(([what, [own, other]]) =>
    JSON.stringify(own) === JSON.stringify(other) ? [] : [`${ours.type} ${ours.name}: ${what}: ours ${JSON.stringify(own)}, dig ${JSON.stringify(other)}`],
  );
}

const open: NameServer[] = [];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-dig-"));
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function started(server: Promise<NameServer>): Promise<NameServer> {
  open.push(await server);
  return await server;
}

async function compare(server: NameServer, all: readonly (readonly [string, string])[], input: object, digOptions: readonly string[], isCache = false) {
  const asked = { questions: all.map(([name, type]) => ({ name, type })), servers: server.servers, query_timeout_ms: 10_000, timeout_ms: 60_000, ...input };
  const { answers } = (await runReport("network.dns", asked)).envelope.output as Output;
  const theirs = await digAnswers(folder, server.port, all, digOptions);
  expect(answers).toHaveLength(all.length);
  return answers.flatMap((answer, index) => differences(answer, theirs[index] as DigAnswer, isCache));
}

realServer("network.dns beside dig", ["dig", "nsd", "knotd", "keymgr", "unbound", "ldns-signzone"], () => {
  describe.each(["auto", "udp", "tcp"] as const)("over %s", (transport) => {
    const digOptions = { auto: ["+norecurse"], udp: ["+norecurse", "+ignore"], tcp: ["+norecurse", "+tcp"] }[transport];

    test("nsd: every type of record, what is not there, and what is not served", async () => {
      const { path } = signZone(mkdtempSync(join(folder, "nsd-")), "nsd.lab", RECORDS, { nsec3: true });
      const nsd = await started(startNsd({ "nsd.lab": path }));
      expect(await compare(nsd, questions("nsd.lab"), { transport, recursion: false }, digOptions)).toEqual([]);
    });

    test("knot: the same", async () => {
      const zones = { "knot.lab": { records: RECORDS, algorithm: "ecdsap256sha256" } };
      const knot = await started(startKnot(zones, "lab", (keys) => `knot NS ns.knot\nns.knot A 127.0.0.1\n${keys.get("knot.lab")}`));
      expect(await compare(knot, questions("knot.lab"), { transport, recursion: false }, digOptions)).toEqual([]);
    });
  });

  test("unbound: a resolver's flags, and answers from its cache", async () => {
    const path = join(folder, "plain.zone");
    writeFileSync(path, `$ORIGIN plain.lab.\n$TTL 600\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${RECORDS}\n`);
    const nsd = await started(startNsd({ "plain.lab": path }));
    const unbound = await started(startUnbound(["plain.lab"], nsd.port));
    // Some answers to ANY are put together from what is in the cache.
    const all = questions("plain.lab").filter(([name, type]) => type !== "ANY" && !name.includes("child"));
    expect(await compare(unbound, all, {}, ["+recurse"], true)).toEqual([]);
  });
});
