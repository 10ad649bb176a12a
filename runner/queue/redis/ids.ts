/**
 * How the id of a message is written as the id of a BullMQ job: there it is a part of a key, beside keys of BullMQ's own ("meta", "a:lock"),
 * and a number is what BullMQ gives by itself.
 */
export function jobIdOf(id: string): string {
  return `m-${id.replace(/[%:]/g, encodeURIComponent)}`;
}

/** Of a job that others put there, its id is as it is. */
export function messageIdOf(jobId: string): string {
  return jobId.startsWith("m-") ? jobId.slice(2).replace(/%25|%3A/g, decodeURIComponent) : jobId;
}
