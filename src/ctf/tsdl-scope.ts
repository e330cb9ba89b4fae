import type { FieldClass, IntegerClass, StructureClass, VariantClass } from './trace-class.ts';

/** The names of types that a pair of braces of TSDL declares (CTF 1.8.3, section 7.3.1); inner scopes see those of outer ones. */
export class TsdlScope {
  readonly aliases: Map<string, FieldClass> = new Map();
  readonly structures: Map<string, StructureClass> = new Map();
  readonly variants: Map<string, VariantClass> = new Map();
  readonly enumerations: Map<string, IntegerClass> = new Map();
  readonly #outer: TsdlScope | undefined;

  constructor(outer?: TsdlScope) {
    this.#outer = outer;
  }

  alias(name: string): FieldClass | undefined {
    return this.aliases.get(name) ?? this.#outer?.alias(name);
  }

  structure(name: string): StructureClass | undefined {
    return this.structures.get(name) ?? this.#outer?.structure(name);
  }

  variant(name: string): VariantClass | undefined {
    return this.variants.get(name) ?? this.#outer?.variant(name);
  }

  enumeration(name: string): IntegerClass | undefined {
    return this.enumerations.get(name) ?? this.#outer?.enumeration(name);
  }
}
