/** What the two halves of `hone web` say to each other: messages, and their checks. Pure: runs in Node and in a browser. */
export { parseMessage } from './check.ts';
export { createEventBatch, decodeEventBatch, type EventBatch, VALUES } from './event-batch.ts';
export * from './host-messages.ts';
export * from './overview.ts';
export * from './page-messages.ts';
