import { createSocket, type Socket } from "node:dgram";
import type { ServerAddress } from "./server-address.js";

/** Who waits for what a socket receives. */
export interface UdpReader {
  /** The socket can be written to. */
  ready(socket: Socket): void;
  received(message: Buffer): void;
  failed(error: Error): void;
}

/** How many questions in turn go out from one port, before another one is taken. */
const MAX_USES = 16;

/**
 * A separate socket, and so a port, for every query in progress: to inject a reply an attacker must guess the port
 * as well as the id (RFC 5452, section 9.2). It is connected, so that the system passes on nothing from other hosts or ports,
 * and reports a closed port at once. Making one costs more than asking, so the next question may take it over; it is
 * closed as soon as there is none.
 */
export class UdpSocket {
  static readonly #idle = new Map<string, UdpSocket[]>();
  static #inUse = 0;
  static #isSweepDue = false;

  readonly #socket: Socket;
  #reader: UdpReader | null = null;
  #isConnected = false;
  #uses = 0;

  static take(server: ServerAddress, reader: UdpReader): UdpSocket {
    UdpSocket.#inUse += 1;
    const idle = UdpSocket.#idle.get(server.text)?.pop();
    const taken = idle ?? new UdpSocket(server);
    taken.#reader = reader;
    taken.#uses += 1;
    if (taken.#isConnected) reader.ready(taken.#socket);
    return taken;
  }

  private constructor(readonly server: ServerAddress) {
    this.#socket = createSocket({ type: server.family === 4 ? "udp4" : "udp6", lookup: asItIs });
    this.#socket.on("message", (message) => this.#reader?.received(message));
    this.#socket.on("error", (error) => this.#reader?.failed(error));
    this.#socket.on("connect", () => {
      this.#isConnected = true;
      this.#reader?.ready(this.#socket);
    });
    this.#socket.connect(server.port, server.address);
  }

  /** Gives it back. Only one whose question was answered is used again: no late reply can come in for the next one. */
  release(isAnswered: boolean): void {
    if (this.#reader === null) return;
    this.#reader = null;
    UdpSocket.#inUse -= 1;
    if (isAnswered && this.#uses < MAX_USES) UdpSocket.#keep(this);
    else this.#socket.close();
    UdpSocket.#sweepSoon();
  }

  static #keep(socket: UdpSocket): void {
    const idle = UdpSocket.#idle.get(socket.server.text);
    if (idle === undefined) UdpSocket.#idle.set(socket.server.text, [socket]);
    else idle.push(socket);
  }

  /** A caller may ask the next question as soon as it has an answer: that question finds the socket still open. */
  static #sweepSoon(): void {
    if (UdpSocket.#inUse > 0 || UdpSocket.#isSweepDue) return;
    UdpSocket.#isSweepDue = true;
    setImmediate(() => {
      UdpSocket.#isSweepDue = false;
      if (UdpSocket.#inUse > 0) return;
      for (const idle of UdpSocket.#idle.values()) for (const socket of idle) socket.#socket.close();
      UdpSocket.#idle.clear();
    });
  }
}

/** Servers are given by their addresses: there is nothing to look up. Later, so that no error comes before its reader. */
function asItIs(address: string, _options: unknown, callback: (error: null, address: string, family: number) => void): void {
  process.nextTick(callback, null, address, address.includes(":") ? 6 : 4);
}
