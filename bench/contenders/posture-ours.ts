import { pathToFileURL } from "node:url";
import { keepInFlight } from "../support/in-flight.js";
import { serve } from "../support/serve.js";

export interface PostureRequest {
  readonly server: string;
  /** Examined once each, so that no answer about them is cached. */
  readonly domains: readonly string[];
  readonly concurrency: number;
}

export interface PostureAnswer {
  readonly perSecond: number;
  /** Of each run. */
  readonly milliseconds: readonly number[];
  /** Of one run; all ask the same number. */
  readonly questions: number;
  readonly cpuMilliseconds: number;
}

// node posture-ours.js LIBRARY: mail.posture as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

serve<PostureRequest>("ready", async ({ server, domains, concurrency }) => {
  const milliseconds: number[] = [];
  const questions = new Set<number>();
  const next = domains.values();
  const examine = async (): Promise<void> => {
    const domain = next.next().value as string;
    const began = performance.now();
    const input = { domain, connect: false, selectors: ["s1"], resolver: { servers: [server] } };
    const { output } = await run("mail.posture@1", { ...input, address_lists: [] });
    milliseconds.push(performance.now() - began);
    questions.add(output.questions);
    const dmarc = output.checks.find(({ id }) => id === "dmarc.policy")?.verdict;
    if (output.failure !== null || dmarc !== "pass") throw new Error(`${domain}: ${JSON.stringify(output.failure)}, DMARC ${dmarc}`);
  };
  const cpu = process.cpuUsage();
  const began = performance.now();
  await keepInFlight(domains.length, concurrency, examine);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (questions.size !== 1) throw new Error(`runs differ in their questions: ${[...questions].join(", ")}`);
  const answer: PostureAnswer = {
    perSecond: domains.length / seconds,
    milliseconds,
    questions: [...questions][0] as number,
    cpuMilliseconds: (user + system) / 1000 / domains.length,
  };
  return answer;
});
