import type { SuiteWatch } from "../../../schemas/suite.js";
import { accept } from "../../harness/accept.js";
import { loadProbe } from "../../harness/registry.js";
import { parseAsked } from "../../harness/version.js";
import type { ProblemCollector } from "../../suite/problem-collector.js";
import { RequestError } from "../../support/request-error.js";
import { mailInput } from "./mail.js";

/** What the watch fills in. */
const FILLED_IN = ["to_addr", "subject_prefix", "text", "token", "message_id", "html", "size_bytes"];
const NO_CHANGES = { id: "", notifications: [], isRepeated: false };

/** Reports what mail.send would refuse, before the first incident does. */
export async function checkMailSettings({ notify = [] }: SuiteWatch, problems: ProblemCollector): Promise<void> {
  for (const [index, { mail, send }] of notify.entries()) {
    if (mail === undefined || send === undefined) continue;
    const path = ["watch", "notify", index];
    for (const name of FILLED_IN) if (name in send) problems.add([...path, "send", name], "key", `the watch fills in ${name} itself`);
    const { headers = [], ...input } = mailInput(mail, send, NO_CHANGES);
    const given = { ...input, subject_prefix: "x", headers: (headers as { value?: string }[]).filter(({ value }) => value !== undefined && value !== "") };
    try {
      accept(await loadProbe("mail.send"), parseAsked("mail.send@1"), given);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      for (const violation of error.violations)
        if (violation.pointer === "/to_addr") problems.add([...path, "mail"], "value", violation.message, violation.hint);
        else problems.addViolation([...path, "send"], violation);
    }
  }
}
