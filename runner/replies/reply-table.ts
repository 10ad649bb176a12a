import type { ReplyRow } from "./reply-row.js";
import { FILTER_ROWS } from "./reply-table-filters.js";
import { PROVIDER_ROWS } from "./reply-table-providers.js";
import { SERVER_ROWS } from "./reply-table-servers.js";
import { STANDARD_ROWS } from "./reply-table-standard.js";

/** Wordings of one provider or program first, then common ones, then bare codes: the first applicable row decides. */
export const REPLY_TABLE: readonly ReplyRow[] = [...PROVIDER_ROWS, ...FILTER_ROWS, ...SERVER_ROWS, ...STANDARD_ROWS];
