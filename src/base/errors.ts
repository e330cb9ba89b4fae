/**
 * The one family of errors that hone throws on purpose. Each carries a stable `code` that scripts and tests can
 * rely on; the message is for people: what failed, why (got X, expected Y), where. Anything else that escapes is
 * a defect. Only `cli/main.ts` prints them and sets the exit code.
 */
export class HoneError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Bytes that break their format. `offsetBytes` is where, counted from the start of the input. */
export class FormatError extends HoneError {
  readonly offsetBytes: number;

  constructor(message: string, offsetBytes: number, options?: ErrorOptions) {
    super('FORMAT', message, options);
    this.offsetBytes = offsetBytes;
  }
}

/** A wrong option or argument of a person: a message that says what was expected. */
export class UsageError extends HoneError {
  constructor(message: string) {
    super('USAGE', message);
  }
}

/** A system call that failed. `errno` is the positive number of errno(3); `syscall` its name. */
export class SysError extends HoneError {
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, message: string) {
    super('SYS', message);
    this.syscall = syscall;
    this.errno = errno;
  }
}

/** Something this machine, target or version cannot do. `minimum` names what could. */
export class UnsupportedError extends HoneError {
  readonly minimum: string;

  constructor(message: string, minimum: string) {
    super('UNSUPPORTED', message);
    this.minimum = minimum;
  }
}

/** The other side of a connection broke the protocol, said no, or went away; `code` tells which. */
export class PeerError extends HoneError {
  constructor(code: 'PEER_PROTOCOL' | 'PEER_REFUSED' | 'PEER_GONE', message: string) {
    super(code, message);
  }
}

/**
 * A program that a target must not run. `pc` is the slot of the instruction, 0 when it is the whole program; `state`
 * says what was known of registers and stack before it, one line a function, and is empty when that does not matter.
 */
export class VerifierError extends HoneError {
  readonly pc: number;
  readonly state: string;

  constructor(pc: number, message: string, state = '') {
    super('VERIFIER', message);
    this.pc = pc;
    this.state = state;
  }
}
