import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import { CBC, LEAST_BITS, LEAST_GROUP_BITS, WEAK_ENCRYPTIONS, WEAK_HOST_KEYS, WEAK_KEY_EXCHANGES, WEAK_MACS, type Weakness } from "./policy.js";
import type { Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  return [...seen.host_keys.flatMap(keyFindings), ...unseenKeys(input, seen), ...(input.policy === "none" ? [] : policyFindings(seen))];
}

function keyFindings({ type, sha256, verified, known }: Output["host_keys"][number]): Finding[] {
  const named = `the ${type} key ${sha256}`;
  return [
    ...(verified === false ? [finding("error", "signature_invalid", `the server did not prove that it has ${named}: its signature is wrong`)] : []),
    ...(verified === null ? [finding("warning", "signature_not_checked", `the signature of ${named} cannot be checked here`)] : []),
    ...(known === false ? [finding("error", "host_key_unknown", `${named} is not one of known_keys`, null, sha256)] : []),
  ];
}

/** A key that was asked for by its algorithm, and is not offered. */
function unseenKeys({ host_key_algorithms: wanted = [] }: Input, { algorithms }: Evidence<Output>): Finding[] {
  if (algorithms === null) return [];
  return wanted
    .filter((name) => !algorithms.host_key.includes(name))
    .map((name) => finding("warning", "host_key_not_offered", `the server offers no host key for ${name}`, name));
}

function policyFindings({
  algorithms,
  host_keys,
  protocol_version,
  strict_key_exchange,
  post_quantum,
  group_exchange_bits: group,
}: Evidence<Output>): Finding[] {
  const findings: Finding[] = [];
  if (protocol_version === "1.99") findings.push(finding("error", "version_1", "the server also speaks version 1, which is broken", "2.0", "1.99"));
  for (const { type, bits } of host_keys) {
    const least = LEAST_BITS[type];
    if (least !== undefined && bits !== null && bits < least)
      findings.push(finding("error", "host_key_too_short", `the ${type} host key has ${bits} bits`, `${least} bits`, `${bits} bits`));
  }
  if (group !== null && group < LEAST_GROUP_BITS)
    findings.push(finding("error", "group_too_small", `the server gives a group of ${group} bits`, `${LEAST_GROUP_BITS} bits`, `${group} bits`));
  if (algorithms === null) return findings;
  const encryptions = [...new Set([...algorithms.encryption_to_server, ...algorithms.encryption_to_client])];
  const macs = [...new Set([...algorithms.mac_to_server, ...algorithms.mac_to_client])];
  findings.push(
    ...weak("weak_key_exchange", algorithms.key_exchange, WEAK_KEY_EXCHANGES),
    ...weak("weak_host_key_algorithm", algorithms.host_key, WEAK_HOST_KEYS),
    ...weak("weak_encryption", encryptions, WEAK_ENCRYPTIONS),
    ...weak("weak_mac", macs, WEAK_MACS),
  );
  if (post_quantum === false)
    findings.push(finding("warning", "no_post_quantum", "no key exchange resists quantum computers: what is recorded today can be decrypted by them later"));
  const exposed = terrapin(encryptions, macs);
  if (strict_key_exchange === false && exposed.length > 0)
    findings.push(
      finding("warning", "terrapin", `the server offers ${exposed.join(", ")} without strict key exchange (CVE-2023-48795): update it`, "strict key exchange"),
    );
  return findings;
}

function weak(reason: string, offered: readonly string[], table: readonly Weakness[]): Finding[] {
  return offered.flatMap((name) => {
    const found = table.find(({ matches }) => matches.test(name));
    return found === undefined ? [] : [finding(found.severity, reason, `the server offers ${name}: ${found.why}`, null, name)];
  });
}

/** Its encryptions keep no count of their own over the handshake: ChaCha20-Poly1305, and CBC with encrypt-then-MAC. */
function terrapin(encryptions: readonly string[], macs: readonly string[]): string[] {
  const hasEtm = macs.some((name) => name.includes("-etm@"));
  return encryptions.filter((name) => name.startsWith("chacha20-poly1305") || (hasEtm && CBC.test(name)));
}
