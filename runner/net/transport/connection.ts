import type { Socket } from "node:net";
import type { FailureCode } from "../../../schemas/failure.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import type { EndReason, Watched } from "../../run/deadline.js";
import { type Arrival, arrivedAt, later } from "../../run/read-scheduler.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { codeOf, wordsOf } from "./classify-error.js";

/** Why a connection can no longer be used. */
export interface Break {
  code: FailureCode;
  message: string;
}

/** Who works on what arrives. Text holds one character a byte (latin1): protocols decode it at line boundaries. */
export interface ConnectionReader {
  received(text: string, at: number): void;
  broken(reason: Break, at: number): void;
}

/** One read that was not worked on yet. */
interface Chunk {
  readonly text: string;
  readonly at: number;
}

/** A peer that sends faster than we work is not read further for a while. */
const MAX_UNREAD_BYTES = 256 * 1024;

/**
 * One open connection. It records the time of every arrival, enforces timeouts, and ends with its run.
 * The reading half is by callback and not a stream: no buffer is allocated per read, and nothing is copied twice.
 */
export class Connection implements Arrival, Watched {
  tls: TlsFacts | null = null;
  broken: Break | null = null;
  dueAt = 0;
  /** Goodbye was sent: the peer answers and closes. Its end is not awaited if its answer was the last one expected. */
  isLeaving = false;
  #socket: Socket;
  #reader: ConnectionReader | null = null;
  /** The oldest read; "" while there is none. Most peers wait for us before they send more: what follows is seldom needed. */
  #unread = "";
  #unreadAt = 0;
  #following: Chunk[] | null = null;
  #unreadBytes = 0;
  #pendingBreak: Break | null = null;
  #brokenAt = 0;
  #queued = false;
  #paused = false;
  /** While it is set, nothing is read: see hold(). */
  #holding: NodeJS.Timeout | null = null;
  #timeoutMs = 0;

  constructor(
    socket: Socket,
    readonly remoteAddress: string,
    readonly remotePort: number,
    /** The run that it belongs to: a wire client records its commands there, and keeps its secrets. */
    readonly run: WireRun,
  ) {
    this.#socket = socket;
    run.deadline.watch(this);
  }

  get localAddress(): string | null {
    return this.#socket.localAddress ?? null;
  }

  /** The socket itself, for the TLS upgrade only. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Bytes that have arrived and were not worked on yet. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** The peer has gone: what it said before may still wait to be read. */
  get hasEnded(): boolean {
    return this.broken !== null || this.#pendingBreak !== null;
  }

  discardUnread(): void {
    this.#unread = "";
    this.#following = null;
    this.#unreadBytes = 0;
  }

  /** The TLS socket takes the plain one's place. */
  replaceSocket(socket: Socket, tls: TlsFacts): void {
    this.#socket = socket;
    this.tls = tls;
  }

  readBy(reader: ConnectionReader): void {
    this.#reader = reader;
    if (this.#unreadBytes > 0 || this.#pendingBreak !== null) this.#queue();
  }

  /** Fails unless this or waitNoMore() is called again within that time, which a caller that has just read the clock counts from there. */
  waitAtMost(milliseconds: number, from = monotonic()): void {
    this.dueAt = from + milliseconds;
    this.#timeoutMs = milliseconds;
    this.run.deadline.watchUntil(this.dueAt);
  }

  waitNoMore(): void {
    this.dueAt = 0;
  }

  overdue(): void {
    this.dueAt = 0;
    this.#break({ code: "timeout", message: `no answer within ${this.#timeoutMs} ms` });
  }

  ended(reason: EndReason): void {
    this.#break({ code: reason, message: ENDED[reason] });
  }

  /** False once the connection has broken, also before its reader has been informed. */
  get isWritable(): boolean {
    return this.broken === null && this.#pendingBreak === null;
  }

  /**
   * Sends text as UTF-8, or bytes as they are. False when the peer reads more slowly than we write (see drained()), and when the connection is
   * broken and nothing was written. `handedOver` is called once the system has taken all of it, and never for a connection that broke before.
   */
  write(data: string | Uint8Array, handedOver?: () => void): boolean {
    if (!this.isWritable) return false;
    if (handedOver === undefined) return this.#socket.write(data);
    return this.#socket.write(data, (error) => {
      if (error == null) handedOver();
    });
  }

  /** Resolves when the data has left for the system, or the connection failed. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  /** Called for each read, with the bytes as latin1. False asks the socket to pause. */
  take(text: string): boolean {
    if (this.#socket.destroyed) return false;
    // Nothing answers before it was asked.
    const at = arrivedAt(this.dueAt === 0 ? 0 : this.dueAt - this.#timeoutMs);
    if (this.#unread === "") {
      this.#unread = text;
      this.#unreadAt = at;
    } else {
      this.#following ??= [];
      this.#following.push({ text, at });
    }
    this.#unreadBytes += text.length;
    this.#queue();
    this.#paused = this.isLeaving || this.#unreadBytes >= MAX_UNREAD_BYTES || this.#holding !== null;
    return !this.#paused;
  }

  /** Reads nothing for a while: once the buffers on the way are full, the peer sends no faster than it is read. */
  hold(milliseconds: number): void {
    if (this.#holding !== null || this.broken !== null) return;
    this.#paused = true;
    this.#socket.pause();
    this.#holding = setTimeout(() => {
      this.#holding = null;
      this.#readOn();
      if (this.#unreadBytes > 0 || this.#pendingBreak !== null) this.#queue();
    }, milliseconds);
  }

  takeEnd(error: NodeJS.ErrnoException | null): void {
    this.#break(error === null ? { code: "closed", message: "the peer closed the connection" } : { code: codeOf(error), message: wordsOf(error) });
  }

  arrive(): void {
    this.#queued = false;
    const reader = this.#reader;
    if (reader === null) return;
    while (this.#unread !== "" && this.broken === null && this.#holding === null) {
      const text = this.#unread;
      const at = this.#unreadAt;
      const next = this.#following?.shift();
      this.#unread = next?.text ?? "";
      this.#unreadAt = next?.at ?? 0;
      this.#unreadBytes -= text.length;
      reader.received(text, at);
    }
    if (this.#holding !== null) return;
    if (this.#paused && (this.dueAt !== 0 || !this.isLeaving)) this.#readOn();
    // What the peer said before it went is worked on first.
    if (this.#pendingBreak !== null && this.broken === null) {
      this.broken = this.#pendingBreak;
      this.close();
      reader.broken(this.broken, this.#brokenAt);
    }
  }

  /** Ends the connection at once. What was written before is still sent. */
  close(): void {
    this.broken ??= { code: "closed", message: "the connection was closed on this side" };
    this.dueAt = 0;
    if (this.#holding !== null) clearTimeout(this.#holding);
    this.run.deadline.unwatch(this);
    this.discardUnread();
    this.#socket.destroy();
  }

  #readOn(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  #break(reason: Break): void {
    if (this.#pendingBreak !== null || this.broken !== null) return;
    this.#pendingBreak = reason;
    this.#brokenAt = monotonic();
    this.#queue();
  }

  #queue(): void {
    if (this.#queued || this.#reader === null) return;
    this.#queued = true;
    later(this);
  }
}
