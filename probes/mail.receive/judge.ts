import { finding, statusOf } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import { errorTypeOf } from "./error-type.js";
import type { ReceiveEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** Judges the results. A run that ended early is judged by its failure alone. */
export function judge(input: Input, evidence: ReceiveEvidence): void {
  evidence.findings.push(...certificateFindings(evidence.tls, input.tls_options, input.tls_options.servername ?? input.host));
  const { failure } = evidence;
  if (failure !== null) {
    const isFolderMissing = failure.phase === "command" && evidence.folders[0]?.outcome === "missing";
    evidence.error_type = isFolderMissing ? "configuration_error" : errorTypeOf(failure);
    evidence.error_msg = failure.message;
  } else if (evidence.matched === 0) noteAbsence(input, evidence);
  else evidence.findings.push(...placeFindings(input, evidence), ...copyFindings(evidence), ...(evidence.messages[0]?.verification?.findings ?? []));
  evidence.status = statusOf(failure, evidence.findings);
}

function noteAbsence(input: Input, evidence: ReceiveEvidence): void {
  const { too_old: old } = evidence;
  const older = old === 0 ? "" : `; ${old} that came before ${old === 1 ? "was" : "were"} not looked at`;
  const words = `no such message of the last ${input.max_age_minutes} minutes is there${older}`;
  evidence.error_type = "no_recent_message";
  evidence.error_msg = words;
  evidence.severity = input.no_recent_message_severity;
  evidence.findings.push(finding(severityOf(input.no_recent_message_severity), "no_recent_message", words));
}

function severityOf(severity: Input["spam_severity"]): Finding["severity"] {
  return severity === "critical" ? "error" : "warning";
}

function placeFindings(input: Input, { messages }: ReceiveEvidence): Finding[] {
  const spam = messages.find((message) => message.is_spam_folder);
  if (spam === undefined) return [];
  return [finding(severityOf(input.spam_severity), "in_spam_folder", `the message is in ${spam.folder}`, input.folder, spam.folder)];
}

function copyFindings({ duplicates }: ReceiveEvidence): Finding[] {
  if (duplicates === 0) return [];
  return [finding("warning", "duplicates", `the message came ${duplicates === 1 ? "twice" : `${duplicates + 1} times`}`, 0, duplicates)];
}
