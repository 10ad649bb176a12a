import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../runner/lab/transcript-server.js";
import { allCertificates, CERTIFICATE_NAMES, type CertificateName, testAuthority } from "./certificates.js";

const servers = new Map<CertificateName, TranscriptServer>();
beforeAll(async () => {
  const certificates = allCertificates();
  for (const name of CERTIFICATE_NAMES) servers.set(name, await playTranscript(`@tls ${name}\nS: 220 x\n@silence\n`, { certificates }));
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.close())));

function verdict(name: CertificateName, servername: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const port = (servers.get(name) as TranscriptServer).port;
    const socket = connect({ host: "127.0.0.1", port, servername, ca: testAuthority(), rejectUnauthorized: false }, () => {
      resolve(socket.authorized ? null : String(socket.authorizationError));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test.each<[CertificateName, string, string | null]>([
  ["localhost", "localhost", null],
  ["localhost", "mx.example.org", null],
  ["wildcard", "any.example.org", null],
  ["wildcard", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["wrong-name", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["expired", "localhost", "CERT_HAS_EXPIRED"],
  ["not-yet-valid", "localhost", "CERT_NOT_YET_VALID"],
  ["self-signed", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["chain", "localhost", null],
  ["incomplete-chain", "localhost", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
])("%s for %s is judged by Node as %s", async (name, servername, expected) => {
  expect(await verdict(name, servername)).toBe(expected);
});
