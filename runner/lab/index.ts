export type { Certificate } from "../net/listen.js";
export { recordTranscript } from "./record.js";
export { type CertificateWish, selfSigned } from "./self-signed.js";
export { type ReceivedMessage, type SmtpServer, type SmtpServerOptions, startSmtpServer } from "./smtp-server.js";
export { parseTranscript, type Step, type Transcript } from "./transcript.js";
export { TranscriptError, type TranscriptProblem } from "./transcript-error.js";
export { type ConversationLine, type Delivery, type Mismatch, type PlayOptions, playTranscript, type TranscriptServer } from "./transcript-server.js";
