import { asciiDomain } from "../../../schemas/host.js";
import { runReport } from "../../harness/run.js";
import { styleFor } from "../../support/style.js";
import { exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { envelopeText } from "../present.js";
import { writeNew } from "../write-new.js";
import type { Posture } from "./card.js";
import { inputFrom, type PostureOptions, timeoutOf } from "./options.js";

/** One domain, named or of the lab, as a card, as JSON, and as a page. */
export async function examineOne(domain: string | null, given: PostureOptions, io: Io): Promise<number> {
  const lab = given.lab === null ? null : await (await import("../lab-target.js")).startLabTarget("mail.posture", given.lab);
  const stopping = new AbortController();
  const stopListening = io.onInterrupt(() => stopping.abort());
  try {
    const input: Record<string, unknown> = { ...(domain === null ? lab?.input : { domain }), ...inputFrom(given) };
    const since = given.since === null ? null : await import("./since.js");
    // Before anything is sent: the file may be the wrong one.
    const earlier = since === null ? null : await since.checksIn(given.since as string, asciiDomain(String(input.domain)));
    const report = await runReport("mail.posture@1", input, { signal: stopping.signal, ...timeoutOf(given) });
    const posture = report.envelope.output as Posture;
    const differences = since === null || earlier === null ? null : since.differencesBetween(earlier, posture.checks);
    if (given.html !== null) await writeNew(given.html, (await import("./page.js")).pageOf(posture, differences, new Date()));
    if (given.json) await io.out(await envelopeText(report, io));
    else {
      const { cardOf } = await import("./card.js");
      const width = io.stdout.isTty ? io.stdout.columns : 120;
      await io.out(cardOf(posture, { style: styleFor(io.stdout, io.env), width, showAll: given.all, differences }));
    }
    return exitCodeOf(report, given["fail-on"] === "warning" ? "warning" : "error");
  } finally {
    stopListening();
    await lab?.close();
  }
}
