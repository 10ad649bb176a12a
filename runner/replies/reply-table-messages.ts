import type { MessageRow } from "./reply-row.js";
import { MESSAGE_PROVIDER_ROWS } from "./reply-table-message-providers.js";
import { MESSAGE_SERVER_ROWS } from "./reply-table-message-servers.js";

export const MESSAGE_ROWS: readonly MessageRow[] = [...MESSAGE_PROVIDER_ROWS, ...MESSAGE_SERVER_ROWS];
