/**
 * What CTF 1.8 reserves names for (sections 5.1, 5.2 and 6.1), as roles: the structures come back with them on the fields of those
 * names. Clocks: an integer with `map` is a time; in a stream class where none has one, and in a trace with one clock, the fields
 * with the reserved names are its times, as older tracers leave `map` out.
 */
import type { FieldClass, IntegerClass, Role, StructureClass } from './trace-class.ts';

type Names = Readonly<Record<string, Role>>;

const PACKET_HEADER: Names = {
  magic: 'packet-magic-number',
  stream_id: 'data-stream-class-id',
  stream_instance_id: 'data-stream-id',
};

const PACKET_CONTEXT: Names = {
  content_size: 'packet-content-length',
  packet_size: 'packet-total-length',
  packet_seq_num: 'packet-sequence-number',
  events_discarded: 'discarded-event-record-counter-snapshot',
};

const PACKET_TIMES: Names = {
  timestamp_begin: 'default-clock-timestamp',
  timestamp_end: 'packet-end-default-clock-timestamp',
};

const EVENT_HEADER: Names = { id: 'event-record-class-id' };
const EVENT_TIMES: Names = { timestamp: 'default-clock-timestamp' };

type Change = (name: string, integer: IntegerClass) => Role | undefined;

export function packetHeaderRoles(structure: StructureClass): StructureClass {
  const withRoles = change(structure, (name) => PACKET_HEADER[name]);
  const members = withRoles.members.map((member) => {
    const array = member.fieldClass;
    const isUuid =
      member.rawName === 'uuid' &&
      array.kind === 'array' &&
      array.length === 16 &&
      array.element.kind === 'integer' &&
      array.element.sizeBits === 8 &&
      array.element.alignBits <= 8;
    if (!isUuid) return member;
    const roles: Role[] = ['metadata-stream-uuid'];
    return { ...member, fieldClass: { kind: 'blob', alignBits: 8, lengthBytes: 16, roles } as const };
  });
  return { ...withRoles, members };
}

/** @param isImplicit times are those of the reserved names, as nothing says what is one */
export function packetContextRoles(structure: StructureClass, isImplicit: boolean): StructureClass {
  return change(
    structure,
    (name, { clock }) =>
      PACKET_CONTEXT[name] ?? (clock !== undefined || isImplicit ? PACKET_TIMES[name] : undefined),
  );
}

export function eventHeaderRoles(structure: StructureClass, isImplicit: boolean): StructureClass {
  return change(
    structure,
    (name, { clock }) =>
      EVENT_HEADER[name] ??
      (clock !== undefined ? 'default-clock-timestamp' : isImplicit ? EVENT_TIMES[name] : undefined),
  );
}

function change<T extends FieldClass>(fieldClass: T, roleOf: Change): T;
function change(fieldClass: FieldClass, roleOf: Change): FieldClass {
  switch (fieldClass.kind) {
    case 'structure':
      return {
        ...fieldClass,
        members: fieldClass.members.map((member) => ({
          ...member,
          fieldClass: changeMember(member.rawName, member.fieldClass, roleOf),
        })),
      };
    case 'variant':
      return {
        ...fieldClass,
        options: fieldClass.options.map((option) => ({
          ...option,
          fieldClass: changeMember(option.label ?? option.name, option.fieldClass, roleOf),
        })),
      };
    default:
      return fieldClass;
  }
}

function changeMember(name: string, fieldClass: FieldClass, roleOf: Change): FieldClass {
  if (fieldClass.kind !== 'integer') return change(fieldClass, roleOf);
  const role = Object.hasOwn(Object.prototype, name) ? undefined : roleOf(name, fieldClass);
  return role === undefined || fieldClass.isSigned ? fieldClass : { ...fieldClass, roles: [role] };
}

/** The clocks that integers anywhere in a class are mapped to. */
export function clocksOf(
  fieldClass: FieldClass | undefined,
  into: Set<string>,
  seen: Set<FieldClass> = new Set(),
): void {
  if (fieldClass === undefined || seen.has(fieldClass)) return;
  seen.add(fieldClass);
  switch (fieldClass.kind) {
    case 'integer':
      if (fieldClass.clock !== undefined) into.add(fieldClass.clock);
      break;
    case 'structure':
      for (const member of fieldClass.members) clocksOf(member.fieldClass, into, seen);
      break;
    case 'variant':
      for (const option of fieldClass.options) clocksOf(option.fieldClass, into, seen);
      break;
    case 'array':
      clocksOf(fieldClass.element, into, seen);
      break;
    default:
  }
}
