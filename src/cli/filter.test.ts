import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compileFilter } from '../filter/index.ts';
import { registerFilter } from './filter.ts';
import { systemNames } from './system-names.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the command prints: standard output, standard error. */
async function run(...words: readonly string[]): Promise<readonly [string, string]> {
  const printed = ['', ''] as [string, string];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed[0] += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed[1] += text;
    return true;
  });
  const program = new Command('hone').enablePositionalOptions().exitOverride();
  program.configureOutput({ outputError: () => {} });
  registerFilter(program);
  await program.parseAsync(['filter', ...words], { from: 'user' });
  return printed;
}

describe('hone filter', () => {
  const text =
    '(000) ldh      [12]\n(001) jeq      #0x806           jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n';

  test('text is what it prints without options', async () => {
    expect(await run('arp')).toEqual([text, '']);
    expect(await run('-d', 'arp')).toEqual([text, '']);
  });

  test('the C array and the numbers', async () => {
    expect((await run('-dd', 'arp'))[0]).toBe(
      '{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000806 },\n{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0x00000000 },\n',
    );
    expect((await run('-ddd', 'arp'))[0]).toBe('4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n');
    expect((await run('-d', '-d', '-d', 'arp'))[0]).toBe(
      '4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n',
    );
  });

  test('words are joined', async () => {
    expect(await run('ether', 'proto', '0x806')).toEqual([text, '']);
    expect(await run()).toEqual(['(000) ret      #262144\n', '']);
  });

  test('eBPF in three styles', async () => {
    expect((await run('--emit', 'ebpf', 'ether[0] = 1'))[0]).toMatch(
      /^ {3}0: r6 = r1\n {3}1: r0 = \*\(u8 \*\)skb\[0\]\n/,
    );
    expect((await run('--emit', 'ebpf', '-dd', ''))[0]).toBe(
      '{ 0xbf, 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },\n{ 0xb4, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00 },\n{ 0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },\n',
    );
    expect((await run('--emit', 'ebpf', '-ddd', ''))[0]).toBe(
      '3\nbf16000000000000\nb400000000000400\n9500000000000000\n',
    );
  });

  test('the link type', async () => {
    const raw = '5\n48 0 0 0\n84 0 0 240\n21 0 1 64\n6 0 0 262144\n6 0 0 0\n';
    expect(await run('-ddd', '-y', 'RAW', 'ip')).toEqual([raw, '']);
    expect(await run('-ddd', '-y', 'raw', 'ip')).toEqual([raw, '']);
    expect((await run('-ddd', '-y', 'LINUX_SLL', 'outbound'))[0]).toContain('40 0 0 0\n21 0 1 4\n');
    await expect(run('-y', 'LINUX_SLL3', 'ip')).rejects.toThrow(
      '-y LINUX_SLL3: expected one of EN10MB, RAW, LINUX_SLL, LINUX_SLL2, NULL, LOOP; did you mean LINUX_SLL?',
    );
    await expect(run('-y', 'RAW', '--emit', 'ebpf', 'ip')).rejects.toThrow('expected --emit cbpf');
    await expect(run('-y', 'RAW', 'vlan')).rejects.toThrow('"vlan" on raw IP: expected Ethernet');
  });

  test('the direction', async () => {
    expect(await run('--direction', 'in', 'inbound')).toEqual(['(000) ret      #262144\n', '']);
    expect(await run('--direction', 'out', 'inbound')).toEqual([
      '(000) ret      #0\n',
      'this expression matches no packet\n',
    ]);
    const [into] = await run('--emit', 'ebpf', '--direction', 'in', 'vlan');
    const [out] = await run('--emit', 'ebpf', '--direction', 'out', 'vlan');
    expect(into).toContain('r1 &= 0x8040');
    expect(out).toContain('r1 >>= 0x31');
  });

  test('faults', async () => {
    await expect(run('tcp', 'prot', '80')).rejects.toThrow('did you mean "port"?');
    await expect(run('inbound')).rejects.toThrow('"inbound" needs packets that are seen at a port');
    await expect(run('--emit', 'wat', 'tcp')).rejects.toThrow('Allowed choices are cbpf, ebpf');
  });
});

describe('names of this machine', () => {
  test('are those of the table when there are no files', () => {
    const names = systemNames(join(tmpdir(), 'hone-no-such-folder'));
    expect(names.service('ssh')).toEqual([{ port: 22, protocol: 'tcp' }]);
    expect(names.protocol('udp')).toBe(17);
    expect(names.addresses('localhost')).toEqual([]);
    expect(names.network('loopback')).toBeUndefined();
  });

  test('are parsed as the files are written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hone-names-'));
    writeFileSync(
      join(folder, 'services'),
      '# services\nmine\t7777/tcp  own # comment\nmine 7777/udp\nodd 1/tcp/2\nhttp 8080/tcp\n\n',
    );
    writeFileSync(join(folder, 'protocols'), 'six\t6\tSIX\nbad x\n');
    writeFileSync(
      join(folder, 'ethers'),
      '# ethers\n2:0:0:0:0:1 box\n02:00:00:00:00:09 box\n02-00-00-00-00-02 odd\n02:00:00:00:00:03\n',
    );
    writeFileSync(join(folder, 'hosts'), '10.1.2.3 box box.local\nfe80::1 box\n');
    writeFileSync(
      join(folder, 'networks'),
      '# networks\ndefault 0.0.0.0\nlab 10.20.30.0 test-lab # comment\nwide 172\nlab 10.9.9.0\nbad 10.256\nlong 1.2.3.4.5\nnone\n',
    );
    const names = systemNames(folder);
    expect(names.service('mine')).toEqual([
      { port: 7777, protocol: 'tcp' },
      { port: 7777, protocol: 'udp' },
    ]);
    expect(names.service('own')).toEqual([{ port: 7777, protocol: 'tcp' }]);
    expect(names.service('http')).toEqual([{ port: 8080, protocol: 'tcp' }]);
    expect(names.service('odd')).toEqual([]);
    expect(names.protocol('SIX')).toBe(6);
    expect(names.protocol('udp')).toBe(17);
    expect(names.protocol('bad')).toBeUndefined();
    expect(names.addresses('box')).toEqual(['10.1.2.3', 'fe80::1']);
    expect(names.addresses('nobody')).toEqual([]);
    expect(names.network('lab')).toBe(0x0a141e00);
    expect(names.network('Test-Lab')).toBe(0x0a141e00);
    expect(names.network('wide')).toBe(0xac000000);
    expect(['bad', 'long', 'none', 'nobody'].map((name) => names.network(name))).toEqual(
      Array(4).fill(undefined),
    );
    expect(() => compileFilter('net default', { resolver: names })).toThrow('unknown network "default"');
    expect(names.etherAddress('box')).toBe('2:0:0:0:0:1');
    expect(names.etherAddress('odd')).toBeUndefined();
    expect(compileFilter('gateway box', { resolver: names })).toEqual(
      compileFilter('ether host 02:00:00:00:00:01 and not host 10.1.2.3'),
    );
    expect([...names.known('service')]).toEqual(expect.arrayContaining(['mine', 'own', 'ssh']));
    expect(compileFilter('host box.local', { resolver: names })).toEqual(compileFilter('host 10.1.2.3'));
    rmSync(folder, { recursive: true, force: true });
  });
});
