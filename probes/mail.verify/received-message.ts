import type { Input } from "./schema.js";

/** What is known of a message besides its bytes. */
export type Receipt = Omit<Input, "message" | "message_base64" | "timeout_ms">;
