/**
 * The fields of a scope as a tree: each place where a class is used has a node of its own, so that one can say which length another
 * field refers to. Classes that aliases share are so many nodes; their number is bounded.
 */
import { FormatError } from '../base/index.ts';
import type { FieldClass, IntegerRange, ScopeName } from './trace-class.ts';

export interface FieldNode {
  readonly fieldClass: FieldClass;
  readonly scope: ScopeName;
  /** As references call it; an option's or a member's. */
  readonly rawName: string;
  readonly parent: FieldNode | undefined;
  /** Before whatever has a greater number in the same tree. */
  readonly order: number;
  /** Members, options, the element or the content. */
  readonly children: readonly FieldNode[];
  /** Where decoders keep the field's value for those that refer to it. */
  readonly slots: number[];
  /** The slot that has its length, or selects its content; -1 when nothing does. */
  source: number;
  /** Of a variant: what selects each option. */
  ranges: readonly (readonly IntegerRange[])[];
}

/** Of one scope. The kernel's largest events have some hundred. */
const MAXIMUM_NODES = 100_000;
/** Of structures, arrays and variants in each other; the parsers have limits of their own, aliases could get around them. */
const MAXIMUM_DEPTH = 256;

/** @throws FormatError when the class is too large */
export function growFieldTree(scope: ScopeName, fieldClass: FieldClass): FieldNode {
  let count = 0;
  const grow = (of: FieldClass, rawName: string, parent: FieldNode | undefined, depth: number): FieldNode => {
    if (++count > MAXIMUM_NODES) throw new FormatError(`a ${scope} of more than ${MAXIMUM_NODES} fields`, 0);
    if (depth > MAXIMUM_DEPTH)
      throw new FormatError(`fields nested deeper than ${MAXIMUM_DEPTH} in a ${scope}`, 0);
    const children: FieldNode[] = [];
    const node: FieldNode = {
      fieldClass: of,
      scope,
      rawName,
      parent,
      order: count,
      children,
      slots: [],
      source: -1,
      ranges: [],
    };
    for (const [name, inner] of innerClasses(of)) children.push(grow(inner, name, node, depth + 1));
    return node;
  };
  return grow(fieldClass, '', undefined, 0);
}

/** The classes directly in a class, with the names that references have for them. */
export function innerClasses(fieldClass: FieldClass): readonly (readonly [string, FieldClass])[] {
  switch (fieldClass.kind) {
    case 'structure':
      return fieldClass.members.map((member) => [member.rawName, member.fieldClass] as const);
    case 'variant':
      return fieldClass.options.map((option) => [option.label ?? option.name, option.fieldClass] as const);
    case 'array':
      return [['', fieldClass.element]];
    case 'optional':
      return [['', fieldClass.content]];
    default:
      return [];
  }
}

/** All slots that a field and what is in it fill. */
export function slotsWithin(node: FieldNode): number[] {
  return [...node.slots, ...node.children.flatMap(slotsWithin)];
}
