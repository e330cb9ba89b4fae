/**
 * What hone says to Wireshark: the sentences of extcap, a line each, `word {name=value}{name=value}`. Text of others must
 * not end a value before its time: braces and control characters become blanks. Source: extcap(4) and Wireshark's
 * Developer's Guide, "Adding Capture Interfaces And Log Sources Using Extcap".
 */
type Values = readonly (readonly [name: string, value: string | number])[];

/** An interface: its name for the command line, and for people. */
export interface ExtcapInterface {
  readonly value: string;
  readonly display: string;
}

const MAXIMUM_SNAPLEN = 262_144;
const QUEUE_ARGUMENT = 2;
/** What the queue's field says for all of them. */
export const ALL_QUEUES = 'all';

export function formatInterfaces(version: string, interfaces: readonly ExtcapInterface[]): string {
  return [
    sentence('extcap', [
      ['version', version],
      ['display', 'hone: ports of DPDK applications'],
    ]),
    ...interfaces.map(({ value, display }) =>
      sentence('interface', [
        ['value', value],
        ['display', display],
      ]),
    ),
  ].join('');
}

/** LINKTYPE_ETHERNET. */
export function formatLinkTypes(): string {
  return sentence('dlt', [
    ['number', 1],
    ['name', 'EN10MB'],
    ['display', 'Ethernet'],
  ]);
}

/** The fields of the dialog. They are the same for every port, so that nothing has to be asked. */
export function formatOptions(): string {
  const argument = (number: number, call: string, display: string, rest: Values) =>
    sentence('arg', [['number', number], ['call', call], ['display', display], ...rest]);
  return [
    argument(0, '--snaplen', 'Bytes kept of each packet', [
      ['type', 'unsigned'],
      ['range', `1,${MAXIMUM_SNAPLEN}`],
      ['default', MAXIMUM_SNAPLEN],
      ['tooltip', 'What is cut off never leaves the application'],
    ]),
    argument(1, '--direction', 'Direction', [
      ['type', 'selector'],
      ['tooltip', 'Packets that the application receives, sends, or both'],
    ]),
    choice(1, 'inout', 'received and sent', true),
    choice(1, 'in', 'received', false),
    choice(1, 'out', 'sent', false),
    argument(QUEUE_ARGUMENT, '--queue', 'Queue', [
      ['type', 'selector'],
      ['reload', 'true'],
      ['tooltip', 'Only packets of this queue'],
    ]),
    formatQueues([]),
    argument(3, '--meta', 'Metadata as comments', [
      ['type', 'boolflag'],
      ['default', 'false'],
      ['tooltip', 'Flow mark, packet type, offload flags, segments of each packet'],
    ]),
  ].join('');
}

/** What the queue's field offers. */
export function formatQueues(queues: readonly number[]): string {
  return [
    choice(QUEUE_ARGUMENT, ALL_QUEUES, 'all queues', true),
    ...queues.map((queue) => choice(QUEUE_ARGUMENT, String(queue), `queue ${queue}`, false)),
  ].join('');
}

function choice(argument: number, value: string, display: string, isDefault: boolean): string {
  return sentence('value', [
    ['arg', argument],
    ['value', value],
    ['display', display],
    ['default', String(isDefault)],
  ]);
}

function sentence(word: string, values: Values): string {
  const parts = values.map(([name, value]) => `{${name}=${String(value).replace(/[{}\p{Cc}]/gu, ' ')}}`);
  return `${word} ${parts.join('')}\n`;
}
