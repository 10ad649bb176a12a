import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { startDynamoServer } from "../../../../runner/lab/dynamodb-server.js";
import { type Signer, signatureFields, type UnsignedRequest } from "../../../../runner/net/dynamodb/signature.js";
import type { HttpServer } from "../../../../runner/net/http/listen.js";
import { realServer } from "../../../support/real-servers.js";

let server: HttpServer | null = null;
afterEach(async () => void (await server?.close()));

const signer: Signer = {
  access_key_id: "AKIDEXAMPLE",
  secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  session_token: null,
  region: "us-east-1",
  service: "service",
  at: new Date("2015-08-30T12:36:00Z"),
};
const request: UnsignedRequest = { method: "GET", path: "/", host: "example.amazonaws.com", fields: [], body: "" };

/** From AWS's test suite for Signature Version 4. */
test.each([
  ["get-vanilla", request, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post-vanilla", { ...request, method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
])("%s", (_, unsigned, signature) => {
  const [date, authorization] = signatureFields(unsigned, signer);
  expect(date).toEqual(["X-Amz-Date", "20150830T123600Z"]);
  expect(authorization?.[1]).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  );
});

test("a session token is signed, and blanks within a value count once", () => {
  const fields = [["My-Header", "  a   b "]] as const;
  const signed = signatureFields({ ...request, fields }, { ...signer, session_token: "token" });
  expect(signed.map(([name]) => name)).toEqual(["X-Amz-Date", "X-Amz-Security-Token", "Authorization"]);
  expect(signed[2]?.[1]).toContain("SignedHeaders=host;my-header;x-amz-date;x-amz-security-token,");
  expect(signed).toEqual(signatureFields({ ...request, fields: [["my-header", "a b"]] }, { ...signer, session_token: "token" }));
});

realServer("curl signs for DynamoDB", ["curl"], () => {
  test.each([
    ["the right key", signer.secret_access_key, 200],
    ["another key", "another-key", 400],
  ])("curl signs the same request with %s, and the lab server checks it", async (_, key, status) => {
    server = await startDynamoServer({ account: { access_key_id: signer.access_key_id, secret_access_key: signer.secret_access_key } });
    const headers = ["Content-Type: application/x-amz-json-1.0", "X-Amz-Target: DynamoDB_20120810.ListTables"].flatMap((each) => ["-H", each]);
    const login = ["--aws-sigv4", "aws:amz:us-east-1:dynamodb", "--user", `${signer.access_key_id}:${key}`];
    const { stdout } = await promisify(execFile)("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", ...login, ...headers, "-d", "{}", server.origin]);
    expect(Number(stdout)).toBe(status);
  });
});
