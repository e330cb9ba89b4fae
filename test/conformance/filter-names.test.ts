/** The names that filters have of their own: each is the number that libpcap, or this machine's /etc, gives for it. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemNames } from '../../src/cli/system-names.ts';
import { builtinNames } from '../../src/filter/builtin-names.ts';
import type { Resolver } from '../../src/filter/resolver.ts';
import { namedNumbers } from '../../src/filter/words.ts';
import { askTcpdump, askTcpdumpAll, hasTcpdump } from './tcpdump.ts';

test('header offsets, ICMP types and TCP flags are those of libpcap', (ctx) => {
  if (!hasTcpdump) ctx.skip('needs tcpdump: apt-get install tcpdump');
  const asks = (number: string | number) => ({ linkType: 'EN10MB', expression: `len = ${number}` });
  askTcpdumpAll([...namedNumbers].flat().map(asks), 'plain');
  const answers = [...namedNumbers].map(([name, number]) => [
    name,
    askTcpdump(asks(name), 'plain'),
    askTcpdump(asks(number), 'plain'),
  ]);
  for (const [, named] of answers) expect(named).toBeInstanceOf(Array);
  expect(answers.filter(([, named, numbered]) => JSON.stringify(named) !== JSON.stringify(numbered))).toEqual(
    [],
  );
});

test('services and protocols have the numbers of /etc/services and /etc/protocols', (ctx) => {
  if (!existsSync('/etc/services')) ctx.skip('needs /etc/services: apt-get install netbase');
  const system = systemNames();
  const text = readFileSync('/etc/services', 'utf8');
  const there = [...builtinNames.known('service')].filter((name) =>
    new RegExp(`^${name}\\s`, 'm').test(text),
  );
  expect(there.length).toBeGreaterThan(40);
  const transports = new Set(['tcp', 'udp', 'sctp']);
  const portsOf = (resolver: Resolver, name: string) =>
    new Set(
      resolver
        .service(name)
        .filter(({ protocol }) => transports.has(protocol))
        .map(({ port }) => port),
    );
  for (const name of there)
    expect([name, portsOf(builtinNames, name)]).toEqual([name, portsOf(system, name)]);
  for (const name of builtinNames.known('protocol'))
    expect([name, builtinNames.protocol(name)]).toEqual([name, system.protocol(name)]);
});
