import type { FromSchema } from "json-schema-to-ts";
import { anomalyOf, COMMON_ANOMALIES } from "./service.js";

export const imapAnomalySchema = anomalyOf([...COMMON_ANOMALIES, "closed_by_bye", "no_known_version"]);
export type ImapAnomaly = FromSchema<typeof imapAnomalySchema>;
