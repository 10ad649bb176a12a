import { FailureError, failureError } from "../../run/failure-error.js";
import { startTimeout } from "../../run/timeout.js";
import type { Address } from "../transport/address.js";
import { type Answer, failureOfAnswer, isCertain } from "./answer.js";
import { processResolver } from "./process-resolver.js";
import type { Ending } from "./single-flight.js";

export interface Wanted {
  readonly servers: readonly string[];
  readonly families: readonly (4 | 6)[];
  readonly timeoutMs: number;
  /** Cancels open questions once no caller waits for them. */
  readonly signal: AbortSignal;
}

/**
 * RFC 8305, section 3, waits 50 ms for the other address family. This waits a little longer, so that the same target gives the same attempts on a
 * busy machine too.
 */
const OTHER_FAMILY_MS = 250;

/** The addresses that name servers give for a host, without the cache, because the time of the lookup is measured. */
export async function addressesByServers(host: string, { servers, families, timeoutMs, signal }: Wanted): Promise<Address[]> {
  const ending = endingAt(signal);
  const asked = families.map((family) => processResolver().query(host, family === 6 ? "AAAA" : "A", { servers, timeoutMs, cache: "off", ending }));
  const answers = await answersIn(asked);
  const addresses = answers.flatMap(({ records }) => records.map((address): Address => ({ address, family: address.includes(":") ? 6 : 4 })));
  if (addresses.length === 0) throw whyNone(host, answers, timeoutMs);
  return addresses.sort((a, b) => b.family - a.family);
}

function endingAt(signal: AbortSignal): Ending {
  return {
    onEnd(listener) {
      const end = (): void => listener("cancelled");
      signal.addEventListener("abort", end, { once: true });
      return () => signal.removeEventListener("abort", end);
    },
  };
}

/** A server that failed for one family may have hidden an address: that is not "the name does not exist". */
function whyNone(host: string, answers: readonly Answer<"A" | "AAAA">[], timeoutMs: number): FailureError {
  const telling = answers.find((answer) => !isCertain(answer)) ?? answers[0];
  if (telling === undefined || telling.outcome === "timeout") return failureError("resolve", "timeout", `no answer within ${timeoutMs} ms`);
  return new FailureError(failureOfAnswer(telling, host));
}

/** The answers, once all questions are answered, or once one has an address and the others have had their time. */
function answersIn(questions: readonly Promise<Answer<"A" | "AAAA">>[]): Promise<Answer<"A" | "AAAA">[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer<"A" | "AAAA">[] = [];
    let stopWaiting: (() => void) | undefined;
    const take = (answer: Answer<"A" | "AAAA">): void => {
      answers.push(answer);
      if (answers.length === questions.length) {
        stopWaiting?.();
        resolve(answers);
      } else if (answer.outcome === "found") stopWaiting ??= startTimeout(OTHER_FAMILY_MS, () => resolve(answers));
    };
    for (const question of questions) question.then(take, reject);
  });
}
