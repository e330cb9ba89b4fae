/** Why a program is not taken, on its way to verifyProgram(), which makes a VerifierError of it. */
export class Refusal extends Error {
  readonly pc: number;
  readonly state: string;

  constructor(pc: number, why: string, state = '') {
    super(why);
    this.pc = pc;
    this.state = state;
  }
}
