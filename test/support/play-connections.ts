import { readFileSync } from "node:fs";
import { Peer } from "../../runner/lab/client-connection.js";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { parseTranscript } from "../../runner/lab/transcript.js";
import { type ConversationLine, type Delivery, type Mismatch, Player } from "../../runner/lab/transcript-player.js";
import { type Certificate, listen } from "../../runner/net/transport/listen.js";
import { allCertificates, certificatePath, testAuthority } from "./certificates.js";

export interface ConnectionsServer {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly openSockets: number;
  readonly conversation: readonly ConversationLine[];
  readonly mismatches: readonly Mismatch[];
  close(): Promise<void>;
}

/** Plays a transcript of its own to each connection, the last one to every later one. */
export async function playConnections(transcripts: readonly string[], delivery: Delivery): Promise<ConnectionsServer> {
  const plays = transcripts.map((transcript) => parseTranscript(transcript).steps);
  const conversation: ConversationLine[] = [];
  const mismatches: Mismatch[] = [];
  const certificates = testCertificates();
  const playing = new Set<Player>();
  const listener = await listen((socket) => {
    const connection = listener.connections;
    const steps = plays[Math.min(connection, plays.length) - 1] ?? [];
    const player = new Player(new Peer(socket), { steps, delivery, certificates, connection, conversation, mismatches });
    playing.add(player);
    void player.play().finally(() => playing.delete(player));
  });
  return {
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
      for (const player of playing) player.stop();
      await listener.close();
    },
  };
}

const DAY_MS = 86_400_000;

/** The certificates of fixtures/certificates, and the one that no file can be: it expires soon. */
function testCertificates(): (name: string | null) => Certificate {
  const fixed = allCertificates();
  return (name) => {
    if (name === "expires-soon") return selfSigned({ names: ["mx.example.org"], notAfter: new Date(Date.now() + 5.5 * DAY_MS), issuer: authorityWithKey() });
    return fixed[name ?? "default"] as Certificate;
  };
}

function authorityWithKey(): Certificate {
  return { certificate: testAuthority(), key: readFileSync(certificatePath("authority", "key.pem"), "utf8") };
}
