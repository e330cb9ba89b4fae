/**
 * Which field each length and each selector refers to (CTF 1.8.3, section 7.3.2; CTF2-SPEC-2.0, section 6.4.2). What is referred to
 * gets a slot. It stands before; a path may go through the options of a variant, of which the one that is there counts, and through the
 * element of an array that is being decoded.
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
    const targets = find(tree, reference, trees);
    if (targets.length === 0) throw unlinked(tree, reference, 'there is no such field');
    for (const target of targets) check(tree, reference, target);
    tree.source = slotOf(targets, slots);
    if (tree.fieldClass.kind === 'variant')
      tree.ranges = optionRanges(tree.fieldClass, targets[0]!.fieldClass);
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

/** A slot that all of these fill, and no other field. */
function slotOf(targets: readonly FieldNode[], slots: SlotCounter): number {
  const [only, ...others] = targets;
  if (others.length === 0 && only!.slots.length > 0) return only!.slots[0]!;
  const slot = slots.count++;
  for (const target of targets) target.slots.push(slot);
  return slot;
}

/** Several where the path goes through options of which one will be there. */
function find(from: FieldNode, reference: FieldReference, trees: ScopeTrees): readonly FieldNode[] {
  const { scope, path } = reference;
  if (scope !== undefined) return descend(trees[scope], path, from);
  if (!reference.isSearched) return descend(structureAround(from), path, from);
  for (let around = structureAround(from); around !== undefined; around = structureAround(around)) {
    const found = descend(around, path, from);
    if (found.length > 0 && found.every(({ order }) => order < from.order)) return found;
  }
  for (let index = SCOPES.indexOf(from.scope) - 1; index >= 0; index--) {
    const found = descend(trees[SCOPES[index]!], path, from);
    if (found.length > 0) return found;
  }
  return [];
}

function structureAround(node: FieldNode): FieldNode | undefined {
  let around = node.parent;
  while (around !== undefined && around.fieldClass.kind !== 'structure') around = around.parent;
  return around;
}

function descend(
  from: FieldNode | undefined,
  path: readonly (string | undefined)[],
  referrer: FieldNode,
): readonly FieldNode[] {
  let nodes: readonly FieldNode[] = from === undefined ? [] : [from];
  for (const name of path) {
    nodes = nodes.flatMap((node) => {
      if (node.fieldClass.kind !== 'structure') return [];
      if (name === undefined) return structureAround(node) ?? [];
      const member = node.children.find((child) => child.rawName === name);
      return member === undefined ? [] : inside(member, referrer);
    });
  }
  return nodes;
}

/** What is there in place of an array, an option or a variant when the referrer is decoded. */
function inside(node: FieldNode, referrer: FieldNode): readonly FieldNode[] {
  switch (node.fieldClass.kind) {
    case 'array':
      return isAround(node, referrer) ? inside(node.children[0]!, referrer) : [node];
    case 'optional':
    case 'variant': {
      const current = node.children.filter((child) => isAround(child, referrer));
      return (current.length > 0 ? current : node.children).flatMap((child) => inside(child, referrer));
    }
    default:
      return [node];
  }
}

function isAround(node: FieldNode, inner: FieldNode): boolean {
  for (let at: FieldNode | undefined = inner; at !== undefined; at = at.parent) if (at === node) return true;
  return false;
}

function check(node: FieldNode, reference: FieldReference, target: FieldNode): void {
  const { kind } = target.fieldClass;
  const isBoolean = node.fieldClass.kind === 'optional' && node.fieldClass.ranges === undefined;
  const fits = isBoolean ? kind === 'boolean' : kind === 'integer' || kind === 'variable-integer';
  if (!fits) throw unlinked(node, reference, `it is no ${isBoolean ? 'boolean' : 'integer'}`);
  const isBefore =
    target.scope === node.scope
      ? target.order < node.order
      : SCOPES.indexOf(target.scope) < SCOPES.indexOf(node.scope);
  if (!isBefore) throw unlinked(node, reference, 'it does not stand before');
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
