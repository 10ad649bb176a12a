import { readdirSync, readFileSync } from "node:fs";
import type { Delivery } from "../../runner/lab/transcript-player.js";
import { testAuthority } from "./certificates.js";

/** One case: what the peer does, what the probe was asked, and the golden that it must give. See fixtures/README.md. */
export interface TranscriptCase {
  name: string;
  /** One for each connection, the last for every later one too. */
  transcripts: readonly string[];
  input: Readonly<Record<string, unknown>>;
  deliveries: readonly Delivery[];
  golden: URL;
}

const ALL_DELIVERIES: readonly Delivery[] = ["whole", "lines", "bytes"];

/** The cases of a folder. `common` is what each is run with, unless its transcript says something else. */
export function transcriptCases(folder: URL, common: Readonly<Record<string, unknown>>): TranscriptCase[] {
  return namesWith(folder, /^([^.]+)\.transcript$/).map((name) => readCase(folder, common, name));
}

export function goldenNames(folder: URL): string[] {
  return namesWith(folder, /^([^.]+)\.json$/);
}

function namesWith(folder: URL, pattern: RegExp): string[] {
  return readdirSync(folder)
    .flatMap((file) => pattern.exec(file)?.[1] ?? [])
    .sort();
}

function readCase(folder: URL, common: Readonly<Record<string, unknown>>, name: string): TranscriptCase {
  const files = [
    `${name}.transcript`,
    ...readdirSync(folder)
      .filter((file) => file.startsWith(`${name}.`) && /\.\d\.transcript$/.test(file))
      .sort(),
  ];
  const transcripts = files.map((file) => readFileSync(new URL(file, folder), "utf8"));
  const first = transcripts[0] as string;
  const delivery = header(first, "delivery");
  return {
    name,
    transcripts,
    input: { ...common, ...inputOf(header(first, "input") ?? "{}") },
    deliveries: delivery === null ? ALL_DELIVERIES : [delivery as Delivery],
    golden: new URL(`${name}.json`, folder),
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
