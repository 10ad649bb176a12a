import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Agent } from "../../runner/net/snmp/agent.js";
import { compareOids, isWithin } from "../../runner/net/snmp/oid.js";
import { EXCEPTIONS, type Pdu } from "../../runner/net/snmp/pdu.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { Output } from "./schema.js";

/** Reads objects in one request, or one by one if the answer would be too big for one. */
export async function read(agent: Agent, oids: readonly string[], evidence: Evidence<Output>): Promise<void> {
  const pdu = await agent.request("get", oids);
  if (pdu.error === "tooBig" && oids.length > 1) {
    for (const oid of oids) await read(agent, [oid], evidence);
    return;
  }
  // Version 1 has no exceptions: it refuses the whole request for one object.
  if (pdu.error === "noSuchName") return readWithout(agent, oids, pdu.errorIndex, evidence);
  requireNoError(pdu);
  const values = new Map(pdu.values.map((value) => [value.oid, value]));
  const missing = oids.find((oid) => !values.has(oid));
  if (missing !== undefined) throw failureError("query", "protocol_violation", `the reply has no ${missing}`);
  evidence.values.push(...oids.flatMap((oid) => values.get(oid) ?? []));
}

async function readWithout(agent: Agent, oids: readonly string[], errorIndex: number, evidence: Evidence<Output>): Promise<void> {
  const absent = oids[errorIndex - 1];
  if (absent === undefined) throw failureError("query", "protocol_violation", "noSuchName for an object that was not asked for");
  evidence.values.push({ oid: absent, type: "no_such_object", value: null, hex: null });
  const others = oids.filter((oid) => oid !== absent);
  if (others.length > 0) await read(agent, others, evidence);
}

/** Reads a subtree object by object. */
export async function walk(agent: Agent, root: string, mostRows: number, evidence: Evidence<Output>): Promise<void> {
  let last = root;
  for (let rows = 0; ; rows++) {
    const pdu = await agent.request("getNext", [last]);
    if (pdu.error === "noSuchName") return;
    requireNoError(pdu);
    const [next] = pdu.values;
    if (next === undefined) throw failureError("query", "protocol_violation", "a reply without an object");
    if (EXCEPTIONS.has(next.type) || !isWithin(next.oid, root)) return;
    if (compareOids(next.oid, last) <= 0)
      throw failureError("query", "protocol_violation", `the walk does not advance: ${next.oid} follows ${last}, and it would never end`);
    if (rows === mostRows) {
      evidence.truncated = true;
      return;
    }
    evidence.values.push(next);
    last = next.oid;
  }
}

function requireNoError({ error, errorIndex }: Pdu): void {
  if (error !== "noError") throw failureError("query", "reply_rejected", `the agent answers ${error}${errorIndex > 0 ? ` for object ${errorIndex}` : ""}`);
}
