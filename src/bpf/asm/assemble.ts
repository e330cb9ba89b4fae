/**
 * Text to program, in the notation of the conformance corpus (`add32 %r0, 5`), the kernel's and clang's (`w0 += 5`), or
 * both mixed. An instruction a line; `name:` before one binds a label; `#`, `;` and `//` start comments; `.insn code, dst,
 * src, off, imm` is a slot as it is. As in the corpus, a jump to `exit` leads to the last exit when no label has that
 * name. Constants of 32 bits are taken as signed or unsigned. What the program does is not looked at.
 */
import { CompileError, nearest } from '../../base/index.ts';
import type { EbpfInsn, EbpfProgram } from '../isa/insn.ts';
import { isWide } from '../isa/table.ts';
import { allForms, type FieldName, isLabel, shapeOf, type Token, tokenize } from './notation.ts';

/** A jump whose label was not known when it was read. */
interface OpenJump {
  readonly pc: number;
  readonly field: 'off' | 'imm';
  readonly label: Token;
}

/** @throws CompileError with the line and a caret */
export function assemble(source: string): EbpfProgram {
  return new Assembly(source).assemble();
}

/** The values that a field takes. */
const ranges: Readonly<
  Record<Exclude<FieldName, 'dst' | 'src' | 'label'>, readonly [min: bigint, max: bigint]>
> = {
  imm: [-(1n << 31n), (1n << 32n) - 1n],
  next: [-(1n << 31n), (1n << 32n) - 1n],
  imm64: [-(1n << 63n), (1n << 64n) - 1n],
  off: [-(1n << 15n), (1n << 15n) - 1n],
  to: [-(1n << 15n), (1n << 15n) - 1n],
  immTo: [-(1n << 31n), (1n << 31n) - 1n],
};

class Assembly {
  private readonly source: string;
  private readonly insns: EbpfInsn[] = [];
  private readonly labels = new Map<string, number>();
  private readonly openJumps: OpenJump[] = [];

  constructor(source: string) {
    this.source = source;
  }

  assemble(): EbpfProgram {
    let start = 0;
    for (const line of this.source.split('\n')) {
      const comment = line.search(/#|;|\/\//);
      this.readLine(start, start + (comment < 0 ? line.length : comment));
      start += line.length + 1;
    }
    for (const jump of this.openJumps) this.close(jump);
    return this.insns;
  }

  private readLine(start: number, end: number): void {
    let tokens = tokenize(this.source, start, end);
    if (typeof tokens === 'number') throw this.fault('unexpected character', tokens, tokens + 1);
    while (tokens[1]?.text === ':' && tokens[0]!.kind === 'word') {
      const [label] = tokens;
      if (this.labels.has(label!.text)) throw this.faultAt(`label ${label!.text} is bound twice`, label!);
      this.labels.set(label!.text, this.insns.length);
      tokens = tokens.slice(2);
    }
    if (tokens.length === 0) return;
    if (tokens[0]!.text === '.insn') this.readRaw(tokens);
    else this.readInsn(tokens);
  }

  private readInsn(tokens: readonly Token[]): void {
    const form = allForms().get(shapeOf(tokens));
    if (form === undefined) throw this.unknown(tokens);
    const { row, slots } = form;
    const { src = 0, off = 0, imm = 0 } = row.fixed;
    const insn = { code: row.code, dst: 0, src, off, imm };
    const registers = new Map<'dst' | 'src', bigint>();
    let next = 0;
    let index = 0;
    tokens.forEach((token, position) => {
      if (token.kind === 'sign' || (token.kind === 'word' && !isLabel(tokens, position))) return;
      const slot = slots[index++]!;
      if (typeof slot === 'object') {
        if (token.value !== slot.register) {
          throw this.faultAt(`${row.name} works on r${slot.register}, got r${token.value}`, token);
        }
        return;
      }
      switch (slot) {
        case 'dst':
        case 'src': {
          const known = registers.get(slot);
          if (known !== undefined && known !== token.value) {
            throw this.faultAt(`${row.name}: got r${token.value}, expected r${known} again`, token);
          }
          registers.set(slot, token.value);
          insn[slot] = Number(token.value);
          break;
        }
        case 'label': {
          this.openJumps.push({ pc: this.insns.length, field: row.target!, label: token });
          break;
        }
        case 'imm64':
          insn.imm = Number(BigInt.asIntN(32, this.inRange(token, slot)));
          next = Number(BigInt.asIntN(32, token.value >> 32n));
          break;
        case 'next':
          next = Number(BigInt.asIntN(32, this.inRange(token, slot)));
          break;
        default: {
          const field = slot === 'off' || slot === 'to' ? 'off' : 'imm';
          insn[field] = Number(BigInt.asIntN(32, this.inRange(token, slot)));
        }
      }
    });
    this.insns.push(insn);
    if (isWide(row.code)) this.insns.push({ code: 0, dst: 0, src: 0, off: 0, imm: next });
  }

  private readRaw(tokens: readonly Token[]): void {
    const bounds = [[0n, 255n], [0n, 15n], [0n, 15n], ranges.off, ranges.imm] as const;
    const numbers = tokens.filter(({ kind }) => kind === 'N');
    if (shapeOf(tokens) !== '.insn N , N , N , N , N') throw this.unknown(tokens);
    const [code, dst, src, off, imm] = numbers.map((token, i) => {
      const [min, max] = bounds[i]!;
      if (token.value < min || token.value > max) {
        throw this.faultAt(`got ${token.text}, expected ${min} to ${max}`, token);
      }
      return Number(BigInt.asIntN(32, token.value));
    });
    this.insns.push({ code: code!, dst: dst!, src: src!, off: off!, imm: imm! });
  }

  private inRange(token: Token, field: keyof typeof ranges): bigint {
    const [min, max] = ranges[field];
    if (token.value >= min && token.value <= max) return token.value;
    throw this.faultAt(`got ${token.text}, expected ${min} to ${max}`, token);
  }

  private close({ pc, field, label }: OpenJump): void {
    const target = this.labels.get(label.text) ?? this.lastExit(label.text);
    if (target === undefined) {
      const known = nearest(label.text, [...this.labels.keys()]);
      throw this.faultAt(`no label ${label.text}`, label, known);
    }
    const distance = target - pc - 1;
    if (field === 'off' && (distance > 0x7fff || distance < -0x8000)) {
      throw this.faultAt(
        `label ${label.text} is ${distance} instructions away, expected -32768 to 32767`,
        label,
      );
    }
    this.insns[pc] = { ...this.insns[pc]!, [field]: distance };
  }

  private lastExit(label: string): number | undefined {
    if (label !== 'exit') return undefined;
    const at = this.insns.findLastIndex(({ code }) => code === 0x95);
    return at < 0 ? undefined : at;
  }

  private unknown(tokens: readonly Token[]): CompileError {
    const first = tokens[0]!;
    const last = tokens.at(-1)!;
    const words = [...new Set([...allForms().keys()].map((shape) => shape.split(' ')[0]!))];
    const known =
      first.kind === 'word'
        ? nearest(
            first.text,
            words.filter((word) => word.length > 1),
          )
        : undefined;
    return this.fault('no such instruction', first.start, last.start + last.text.length, known);
  }

  private faultAt(message: string, token: Token, known?: string): CompileError {
    return this.fault(message, token.start, token.start + token.text.length, known);
  }

  private fault(message: string, start: number, end: number, known?: string): CompileError {
    const hint = known === undefined ? {} : { hint: `did you mean ${known}?` };
    return new CompileError(this.source, [{ message, span: { start, end }, ...hint }]);
  }
}
