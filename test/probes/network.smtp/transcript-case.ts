import { readdirSync, readFileSync } from "node:fs";
import type { Delivery } from "../../../runner/lab/transcript-player.js";
import { testAuthority } from "../../support/certificates.js";

const FOLDER = new URL("../../../fixtures/network.smtp/2.0.0/", import.meta.url);

/** One case: what the peer does, what the probe was asked, and the golden that it must give. See fixtures/README.md. */
export interface TranscriptCase {
  name: string;
  /** One for each connection, the last for every later one too. */
  transcripts: readonly string[];
  input: Readonly<Record<string, unknown>>;
  deliveries: readonly Delivery[];
  golden: URL;
}

/** What every case is run with, unless its transcript says something else. */
const COMMON_INPUT = { target_host: "127.0.0.1", helo_domain: "probe.example.org", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 5000 };
const ALL_DELIVERIES: readonly Delivery[] = ["whole", "lines", "bytes"];

export function transcriptCases(): TranscriptCase[] {
  return namesWith(/^([^.]+)\.transcript$/).map(readCase);
}

export function goldenNames(): string[] {
  return namesWith(/^([^.]+)\.json$/);
}

function namesWith(pattern: RegExp): string[] {
  return readdirSync(FOLDER)
    .flatMap((file) => pattern.exec(file)?.[1] ?? [])
    .sort();
}

function readCase(name: string): TranscriptCase {
  const files = [
    `${name}.transcript`,
    ...readdirSync(FOLDER)
      .filter((file) => file.startsWith(`${name}.`) && /\.\d\.transcript$/.test(file))
      .sort(),
  ];
  const transcripts = files.map((file) => readFileSync(new URL(file, FOLDER), "utf8"));
  const first = transcripts[0] as string;
  const delivery = header(first, "delivery");
  return {
    name,
    transcripts,
    input: { ...COMMON_INPUT, ...inputOf(header(first, "input") ?? "{}") },
    deliveries: delivery === null ? ALL_DELIVERIES : [delivery as Delivery],
    golden: new URL(`${name}.json`, FOLDER),
  };
}

/** A comment such as `# input: {"tls": {"mode": "none"}}`. */
function header(transcript: string, name: string): string | null {
  return new RegExp(`^# ${name}: (.*)$`, "m").exec(transcript)?.[1] ?? null;
}

/** `"ca": "authority"` stands for the certificate of the tests' own authority. */
function inputOf(json: string): Record<string, unknown> {
  return JSON.parse(json, (key, value) => (key === "ca" ? testAuthority() : value)) as Record<string, unknown>;
}
