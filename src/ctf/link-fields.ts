/**
 * Which field each length and each selector refers to (CTF 1.8.3, section 7.3.2; CTF2-SPEC-2.0, section 5.3.2). A field that is
 * referred to gets a slot. It must stand before, and be reached through structures only: what is in an array, an option or a variant
 * can be referred to from the same element or option.
 */
import { FormatError } from '../base/index.ts';
import { type FieldNode, innerClasses } from './field-node.ts';
import { type FieldClass, type FieldReference, isReference, SCOPES, type ScopeName } from './trace-class.ts';

export type ScopeTrees = Partial<Record<ScopeName, FieldNode>>;

/** Numbers for slots; one for a trace. */
export interface SlotCounter {
  count: number;
}

/** Whether anything in a class refers to another field. */
export function hasReferences(fieldClass: FieldClass, seen: Set<FieldClass> = new Set()): boolean {
  if (seen.has(fieldClass)) return false;
  seen.add(fieldClass);
  return (
    referenceOf(fieldClass) !== undefined ||
    innerClasses(fieldClass).some(([, inner]) => hasReferences(inner, seen))
  );
}

/**
 * Links what is in one tree; `trees` are that one and those that a reference may go to.
 * @throws FormatError when a reference leads nowhere, or to what gives no length or no selector
 */
export function linkFields(tree: FieldNode, trees: ScopeTrees, slots: SlotCounter): void {
  const reference = referenceOf(tree.fieldClass);
  if (reference !== undefined) {
    const target = find(tree, reference, trees);
    if (target === undefined) throw unlinked(tree, reference, 'there is no such field');
    check(tree, reference, target);
    if (target.slot === -1) target.slot = slots.count++;
    tree.target = target;
    if (tree.fieldClass.kind === 'variant') tree.ranges = optionRanges(tree.fieldClass, target.fieldClass);
  }
  for (const child of tree.children) linkFields(child, trees, slots);
}

function referenceOf(fieldClass: FieldClass): FieldReference | undefined {
  switch (fieldClass.kind) {
    case 'array':
      return isReference(fieldClass.length) ? fieldClass.length : undefined;
    case 'text':
    case 'blob':
      return isReference(fieldClass.lengthBytes) ? fieldClass.lengthBytes : undefined;
    case 'optional':
    case 'variant':
      return fieldClass.selector;
    default:
      return undefined;
  }
}

function find(from: FieldNode, reference: FieldReference, trees: ScopeTrees): FieldNode | undefined {
  const { scope, path } = reference;
  if (scope !== undefined) return descend(trees[scope], path);
  if (!reference.isSearched) {
    let structure = structureAround(from);
    let at = 0;
    for (; path[at] === undefined && at < path.length; at++)
      structure = structure && structureAround(structure);
    return descend(structure, path.slice(at));
  }
  for (let around = structureAround(from); around !== undefined; around = structureAround(around)) {
    const found = descend(around, path);
    if (found !== undefined && found.order < from.order) return found;
  }
  for (let index = SCOPES.indexOf(from.scope) - 1; index >= 0; index--) {
    const found = descend(trees[SCOPES[index]!], path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function structureAround(node: FieldNode): FieldNode | undefined {
  let around = node.parent;
  while (around !== undefined && around.fieldClass.kind !== 'structure') around = around.parent;
  return around;
}

function descend(from: FieldNode | undefined, path: readonly (string | undefined)[]): FieldNode | undefined {
  let node = from;
  for (const name of path) {
    if (node?.fieldClass.kind !== 'structure') return undefined;
    node = node.children.find((child) => child.rawName === name);
  }
  return node;
}

function check(node: FieldNode, reference: FieldReference, target: FieldNode): void {
  const { kind } = target.fieldClass;
  const isBoolean = node.fieldClass.kind === 'optional' && node.fieldClass.ranges === undefined;
  const fits = isBoolean
    ? kind === 'boolean'
    : kind === 'integer' ||
      kind === 'variable-integer' ||
      (kind === 'bits' && node.fieldClass.kind !== 'array');
  if (!fits) throw unlinked(node, reference, `it is no ${isBoolean ? 'boolean' : 'integer'}`);
  const isBefore =
    target.scope === node.scope
      ? target.order < node.order
      : SCOPES.indexOf(target.scope) < SCOPES.indexOf(node.scope);
  if (!isBefore) throw unlinked(node, reference, 'it does not stand before');
  const around = new Set<FieldNode>();
  for (let at = node.parent; at !== undefined; at = at.parent) around.add(at);
  for (let at = target.parent; at !== undefined && !around.has(at); at = at.parent) {
    if (at.fieldClass.kind !== 'structure') {
      throw unlinked(node, reference, `it is in a ${at.fieldClass.kind} around it`);
    }
  }
}

/** TSDL: an option is selected by the values of its label. */
function optionRanges(variant: FieldClass & { kind: 'variant' }, tag: FieldClass): FieldNode['ranges'] {
  const mappings = tag.kind === 'integer' || tag.kind === 'variable-integer' ? (tag.mappings ?? []) : [];
  return variant.options.map((option) =>
    option.label === undefined
      ? option.ranges
      : (mappings.find((mapping) => mapping.label === option.label)?.ranges ?? []),
  );
}

function unlinked(node: FieldNode, { scope, path }: FieldReference, why: string): FormatError {
  const names = path.map((name) => name ?? '..').join('.');
  const what = node.rawName === '' ? node.fieldClass.kind : node.rawName;
  return new FormatError(
    `metadata: ${what} (${node.scope}) refers to ${scope === undefined ? '' : `${scope}.`}${names}: ${why}`,
    0,
  );
}
