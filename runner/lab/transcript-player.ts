import { setImmediate as turn } from "node:timers/promises";
import type { Certificate } from "../net/transport/listen.js";
import { type Delivery, deliver, sendByteByByte } from "./byte-delivery.js";
import type { ClientLine, Peer } from "./client-connection.js";
import { matchesPattern } from "./line-pattern.js";
import type { Step } from "./transcript.js";
import { escapeBytes } from "./transcript-escapes.js";

export type { Delivery };

export interface ConversationLine {
  /** Counts from 1. */
  connection: number;
  speaker: "server" | "client" | "note";
  text: string;
}

/** A client did something else than its transcript says. */
export interface Mismatch {
  connection: number;
  /** The transcript's line. */
  line: number;
  expected: string;
  got: string;
  message: string;
}

export interface PlayerOptions {
  steps: readonly Step[];
  delivery: Delivery;
  certificates: (name: string | null) => Certificate;
  connection: number;
  conversation: ConversationLine[];
  mismatches: Mismatch[];
  onMismatch?: (mismatch: Mismatch) => void;
}

/** A transcript that repeats or is played for hours must not fill the memory. */
const MAX_CONVERSATION_LINES = 10_000;
const REPEAT_CHUNK_BYTES = 16 * 1024;
/** No record of TLS begins with these bytes. */
const GARBAGE = Buffer.from("this is not TLS\r\n");

/** Plays one transcript to one client. */
export class Player {
  /** Only an action of the client can continue the play, or make it fail. */
  awaitsClient = false;
  #waitsForClose: Step | null = null;
  #stopped = false;
  #dripMs = 0;
  #done = false;
  readonly #peer: Peer;
  readonly #options: PlayerOptions;

  constructor(peer: Peer, options: PlayerOptions) {
    this.#peer = peer;
    this.#options = options;
  }

  async play(): Promise<void> {
    const { steps } = this.#options;
    for (let index = 0; index < steps.length && !this.#done; ) {
      const sends = sendsFrom(steps, index);
      if (sends.length > 0) {
        await this.#send(sends);
        index += sends.length;
      } else {
        await this.#step(steps[index] as Step);
        index += 1;
      }
    }
    if (!this.#done) await this.#finish();
  }

  /** The server is about to close: a client that has not left by now will not. */
  stop(): void {
    this.#stopped = true;
    const step = this.#waitsForClose;
    if (step !== null) this.#mismatch(step.line, "the client closes the connection", "it was still open when the server was closed");
  }

  async #step(step: Step): Promise<void> {
    const peer = this.#peer;
    switch (step.kind) {
      case "expect":
        return this.#expect(step.line, step.written, (line) => matchesPattern(step.pattern, line));
      case "any":
        return this.#expect(step.line, "any line", () => true);
      case "message":
        return this.#message(step);
      case "delay":
        return peer.pause(step.milliseconds);
      case "drip":
        this.#dripMs = step.milliseconds;
        return;
      case "repeat":
        return this.#repeat(step.bytes);
      case "starttls":
      case "tls":
        this.#say("note", "TLS");
        return peer.startTls(this.#options.certificates(step.certificate));
      case "expect-close":
        return this.#expectClose(step);
      case "tls-garbage":
        if (await peer.waitForBytes()) await peer.write(GARBAGE);
        return this.#ignoreClient();
      case "tls-stall":
      case "silence":
        return this.#ignoreClient();
      case "close":
        this.#done = true;
        return peer.close();
      case "reset":
        this.#done = true;
        return peer.reset();
      case "send":
        return this.#send([step]);
    }
  }

  async #send(parts: readonly { readonly bytes: Uint8Array }[]): Promise<void> {
    for (const { bytes } of parts) this.#say("server", shown(bytes));
    await this.#deliver(parts.map(({ bytes }) => bytes));
  }

  #deliver(parts: readonly Uint8Array[]): Promise<void> {
    return this.#dripMs > 0 ? sendByteByByte(this.#peer, parts, this.#dripMs) : deliver(this.#peer, parts, this.#options.delivery);
  }

  async #repeat(bytes: Uint8Array): Promise<void> {
    this.#say("server", `${shown(bytes)} (for ever)`);
    this.#peer.discardAll();
    const chunk = Array.from({ length: this.#options.delivery === "whole" ? Math.ceil(REPEAT_CHUNK_BYTES / bytes.length) : 1 }, () => bytes);
    while (!this.#peer.gone) {
      await this.#deliver(chunk);
      await turn();
    }
  }

  async #expect(line: number, expected: string, isExpected: (text: string) => boolean): Promise<void> {
    const got = await this.#nextLine();
    if (got === null) return this.#mismatch(line, expected, "the end of the connection");
    this.#say("client", escapeBytes(got.text));
    if (got.ending === "crlf" && !got.cut && isExpected(got.text)) return;
    this.#mismatch(line, expected, `${escapeBytes(got.text)}${got.ending === "lf" ? " (ended by a bare LF)" : ""}${got.cut ? " … (too long)" : ""}`);
  }

  /** A message's lines, up to and with the dot that ends it. */
  async #message(step: Step): Promise<void> {
    for (;;) {
      const got = await this.#nextLine();
      if (got === null) return this.#mismatch(step.line, "a message, ended by a line with a dot", "the end of the connection");
      this.#say("client", escapeBytes(got.text));
      if (got.text === "." && got.ending === "crlf") return;
    }
  }

  async #expectClose(step: Step): Promise<void> {
    this.#waitsForClose = step;
    const got = await this.#nextLine();
    this.#waitsForClose = null;
    if (got !== null) this.#mismatch(step.line, "the client closes the connection", escapeBytes(got.text));
  }

  async #ignoreClient(): Promise<void> {
    this.#peer.discardAll();
    await this.#peer.untilGone();
  }

  /** The transcript is over: what a client says now was not expected. */
  async #finish(): Promise<void> {
    const last = this.#options.steps.at(-1) as Step;
    const unread = this.#peer.unread;
    if (unread !== "") this.#mismatch(last.line, "nothing more, the transcript ends here", escapeBytes(unread.split("\r\n", 1)[0] as string));
    this.#done = true;
    this.#peer.close();
  }

  async #nextLine(): Promise<ClientLine | null> {
    this.awaitsClient = true;
    const line = await this.#peer.readLine();
    this.awaitsClient = false;
    return line;
  }

  #mismatch(line: number, expected: string, got: string): void {
    this.#done = true;
    this.#peer.close();
    if (this.#stopped && this.#waitsForClose === null) return;
    const { connection, mismatches } = this.#options;
    const message = `connection ${connection}, line ${line} of the transcript: expected ${expected}, got ${got}`;
    mismatches.push({ connection, line, expected, got, message });
    this.#options.onMismatch?.({ connection, line, expected, got, message });
  }

  #say(speaker: ConversationLine["speaker"], text: string): void {
    const { conversation, connection } = this.#options;
    if (conversation.length < MAX_CONVERSATION_LINES) conversation.push({ connection, speaker, text });
  }
}

function sendsFrom(steps: readonly Step[], index: number): Extract<Step, { kind: "send" }>[] {
  const sends: Extract<Step, { kind: "send" }>[] = [];
  for (let at = index; ; at++) {
    const step = steps[at];
    if (step?.kind !== "send") return sends;
    sends.push(step);
  }
}

function shown(bytes: Uint8Array): string {
  return escapeBytes(Buffer.from(bytes).toString("latin1").replace(/\r\n$/, ""));
}
