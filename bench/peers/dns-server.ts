import { serveDns } from "../../runner/net/dns/serve.js";
import { serve } from "../support/serve.js";

// node dns-server.js: whatever it is asked, by UDP or TCP, it answers at once with one record of the type that is wanted.
const HEADER = 12;
/** By type: the data of an A, an MX (10 mx.bench.example) and an AAAA record. */
const DATA: Readonly<Record<number, string>> = {
  1: "5db8d70e",
  15: "000a026d780562656e6368076578616d706c6500",
  28: "26062800021fcb07682080daaf6b8b2c",
};
/** RFC 1035, section 4.1.3: the name of the question (a pointer to it), its type, IN, 300 seconds, and the record itself. */
const ANSWERS = new Map(
  Object.entries(DATA).map(([type, data]) => [Number(type), Buffer.from(`c00c${word(Number(type))}00010000012c${word(data.length / 2)}${data}`, "hex")]),
);

const listener = await serveDns((query, _transport, send) => {
  const question = query.subarray(0, endOfQuestion(query));
  const answer = ANSWERS.get(question.readUInt16BE(question.length - 4));
  const reply = Buffer.concat(answer === undefined ? [question] : [question, answer]);
  // A response, recursion wanted and available, no error; one question, one answer, nothing else.
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(answer === undefined ? 0 : 1, 6);
  reply.fill(0, 8, HEADER);
  send(reply);
});

serve({ port: listener.port }, async () => null);

function endOfQuestion(query: Buffer): number {
  let at = HEADER;
  while (query[at] !== 0) at += 1 + (query[at] as number);
  return at + 5;
}

function word(value: number): string {
  return value.toString(16).padStart(4, "0");
}
