export { assertUnreachable } from './assert.ts';
export { cleanLine } from './clean-line.ts';
export { CompileError, type Diagnostic, formatDiagnostic, type Span } from './diagnostics.ts';
export {
  FormatError,
  HoneError,
  PeerError,
  SysError,
  UnsupportedError,
  UsageError,
  VerifierError,
} from './errors.ts';
export { Heap } from './heap.ts';
export { nearest } from './nearest.ts';
