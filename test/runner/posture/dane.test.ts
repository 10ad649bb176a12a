import { createHash, X509Certificate } from "node:crypto";
import { describe, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import type { Certificate } from "../../../runner/net/transport/listen.js";
import { type DaneState, examineDane } from "../../../runner/posture/dane/examine.js";
import { judgeDane } from "../../../runner/posture/dane/judge.js";
import type { HostFacts } from "../../../runner/posture/hosts/meet.js";
import { failure } from "../../../schemas/failure.js";
import { casesIn, expectChecks, expectOneOf, type OneOf, questionsIn, type Zone } from "./labelled-cases.js";

type Role = "ee" | "intermediate" | "root";

interface Member {
  readonly role: Role;
  readonly sent: boolean;
  readonly names?: readonly string[] | null;
  readonly not_before?: string;
  readonly not_after?: string;
}

interface Input {
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean | { readonly mx: boolean; readonly address: boolean; readonly tlsa: boolean };
  readonly starttls: boolean | null;
  readonly now: string;
  readonly chain: readonly Member[];
  readonly connection?: string;
}

/** The symbolic chain of a case, made real. Keys differ from run to run, so the records name certificates by their role. */
function makeChain(members: readonly Member[]): Map<Role, X509Certificate> {
  const made = new Map<Role, X509Certificate>();
  let issuer: Certificate | undefined;
  for (const { role, names, not_before: from, not_after: to } of [...members].reverse()) {
    const certificate = selfSigned({
      names: names ?? [`${role}.ca.example`],
      authority: role !== "ee",
      ...(issuer === undefined ? {} : { issuer }),
      ...(from === undefined ? {} : { notBefore: new Date(from) }),
      ...(to === undefined ? {} : { notAfter: new Date(to) }),
    });
    made.set(role, new X509Certificate(certificate.certificate));
    issuer = certificate;
  }
  return made;
}

function withRealData(records: Zone, chain: ReadonlyMap<Role, X509Certificate>): Zone {
  const text = JSON.stringify(records).replace(
    /"@(ee|intermediate|root)\.(spki|cert)\.(full|sha256|sha512)"/g,
    (_all, role: Role, what: string, how: string) => {
      const certificate = chain.get(role) as X509Certificate;
      const bytes = what === "cert" ? certificate.raw : certificate.publicKey.export({ type: "spki", format: "der" });
      return JSON.stringify(how === "full" ? bytes.toString("hex") : createHash(how).update(bytes).digest("hex"));
    },
  );
  return JSON.parse(text) as Zone;
}

function metOf(
  { starttls, connection }: Input,
  members: readonly Member[],
  chain: ReadonlyMap<Role, X509Certificate>,
): Pick<HostFacts, "starttls" | "chain" | "failure"> {
  if (connection !== undefined) return { starttls: "unknown", chain: [], failure: failure("connect", "timeout", "no answer in time") };
  if (starttls !== true) return { starttls: "not_offered", chain: [], failure: null };
  return { starttls: "secured", failure: null, chain: members.filter(({ sent }) => sent).map(({ role }) => chain.get(role) as X509Certificate) };
}

describe("DANE for SMTP, labelled from RFC 7672", () => {
  test.each(casesIn<Input, { readonly state?: OneOf<DaneState> }>("dane"))("$name", async ({ records, input, expect: expected }) => {
    const chain = makeChain(input.chain);
    const zone = withRealData(records, chain);
    const { secure } = input;
    const questions = questionsIn(zone, (_name, type) =>
      typeof secure === "boolean" ? secure : secure[type === "TLSA" ? "tlsa" : type === "MX" ? "mx" : "address"],
    );
    const facts = await examineDane(
      {
        host: input.host,
        port: input.port,
        names: [input.domain],
        isRouteSigned: typeof secure === "boolean" ? secure : secure.mx,
        met: metOf(input, input.chain, chain),
        isBogus: async (name) => (zone[name] as { BOGUS?: unknown } | undefined)?.BOGUS === true,
        now: new Date(input.now),
      },
      questions,
    );
    expectOneOf(facts.state, expected.state);
    expectChecks(judgeDane(facts, []), expected.checks);
  });
});
