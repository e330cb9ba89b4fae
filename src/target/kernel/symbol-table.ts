/** Which function an address is in: functions in the order of their addresses, found by halving. */

export interface FunctionRange {
  readonly address: bigint;
  /** 0 when nobody knows: up to the next one. */
  readonly sizeBytes: number;
  readonly name: string;
}

export interface FoundFunction {
  readonly name: string;
  /** Of the address in the function. */
  readonly offset: bigint;
}

export class SymbolTable {
  readonly #functions: readonly FunctionRange[];

  constructor(functions: Iterable<FunctionRange>) {
    this.#functions = [...functions].sort((a, b) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : 0,
    );
  }

  find(address: bigint): FoundFunction | undefined {
    let [low, high] = [0, this.#functions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#functions[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.#functions[low - 1];
    if (found === undefined) return undefined;
    const offset = address - found.address;
    if (found.sizeBytes > 0 && offset >= BigInt(found.sizeBytes)) return undefined;
    return { name: found.name, offset };
  }
}
