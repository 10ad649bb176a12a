import { type Certificate, listen } from "../net/transport/listen.js";
import type { Delivery } from "./byte-delivery.js";
import { Peer } from "./client-connection.js";
import { closedByBlock } from "./closed-by-block.js";
import { selfSigned } from "./self-signed.js";
import { parseTranscript, type Transcript } from "./transcript.js";
import { isPath, readTranscripts } from "./transcript-file.js";
import { type ConversationLine, type Mismatch, Player } from "./transcript-player.js";

export type { ConversationLine, Delivery, Mismatch };

export interface PlayOptions {
  /** Each answer in one write, line by line, or byte by byte. The case must not depend on it. */
  delivery?: Delivery;
  /** For `@tls NAME` and `@starttls NAME`. The one called `default` serves those that name none. */
  certificates?: Readonly<Record<string, Certificate>>;
  host?: string;
  port?: number;
  /** Called for each mismatch when it happens. */
  onMismatch?: (mismatch: Mismatch) => void;
}

export interface TranscriptServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** How many connections were accepted, and how many are open. */
  readonly connections: number;
  readonly openSockets: number;
  /** Everything that was said, in order, over all connections. */
  readonly conversation: readonly ConversationLine[];
  /** Where a client did not do what the transcript says. Complete once close() has resolved. */
  readonly mismatches: readonly Mismatch[];
  close(): Promise<void>;
}

/** A client that just went may not have been noticed yet: how long close() waits for that. */
const LAST_WORDS_MS = 200;

/**
 * Plays a transcript to every client that connects, on a free port of the loopback. It is given as a text, parsed, or as the path of a file;
 * of a file, the later connections get the transcripts beside it (case.2.transcript), and the last one serves all that follow.
 */
export async function playTranscript(transcript: string | URL | Transcript, options: PlayOptions = {}): Promise<TranscriptServer> {
  const plays = transcriptsOf(transcript).map(({ steps }) => steps);
  const certificates = certificatesFor(options.certificates ?? {});
  for (const step of plays.flat()) if (step.kind === "starttls" || step.kind === "tls") certificates(step.certificate);
  const conversation: ConversationLine[] = [];
  const mismatches: Mismatch[] = [];
  const players = new Set<Player>();
  const listener = await listen((socket) => {
    const player = new Player(new Peer(socket), {
      steps: plays[Math.min(listener.connections, plays.length) - 1] ?? [],
      delivery: options.delivery ?? "whole",
      certificates,
      connection: listener.connections,
      conversation,
      mismatches,
      onMismatch: options.onMismatch ?? (() => {}),
    });
    players.add(player);
    void player.play().finally(() => players.delete(player));
  }, options);
  return closedByBlock({
    host: listener.host,
    port: listener.port,
    conversation,
    mismatches,
    get connections() {
      return listener.connections;
    },
    get openSockets() {
      return listener.openSockets;
    },
    async close() {
      await settled(players);
      await listener.close();
    },
  });
}

function transcriptsOf(given: string | URL | Transcript): readonly Transcript[] {
  if (given instanceof URL || (typeof given === "string" && isPath(given))) return readTranscripts(given);
  return [typeof given === "string" ? parseTranscript(given) : given];
}

async function settled(players: ReadonlySet<Player>): Promise<void> {
  const until = Date.now() + LAST_WORDS_MS;
  while (Date.now() < until && [...players].some((player) => player.awaitsClient)) await new Promise((resolve) => setTimeout(resolve, 2));
  for (const player of players) player.stop();
}

/** Created if a transcript needs one and none was given. */
function certificatesFor(given: Readonly<Record<string, Certificate>>): (name: string | null) => Certificate {
  let own: Certificate | null = null;
  return (name) => {
    const found = Object.hasOwn(given, name ?? "default") ? given[name ?? "default"] : undefined;
    if (found !== undefined) return found;
    if (name !== null)
      throw new Error(`The transcript names the certificate ${JSON.stringify(name)}, and the server was given ${JSON.stringify(Object.keys(given))}.`);
    own ??= selfSigned({ names: ["localhost", "127.0.0.1", "::1"] });
    return own;
  };
}
