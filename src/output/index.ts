/** Bytes on their way out: files, pipes, standard output. What the bytes mean is the caller's. */
export { checkOutput, type OpenOutput, openOutput } from './open-output.ts';
export { isOfOutput, OutputStream, ReaderGoneError, reasonOf, STAGING_BYTES } from './output-stream.ts';
