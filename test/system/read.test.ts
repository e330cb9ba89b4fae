/** `hone read` beside tcpdump, tshark, mergecap, editcap and capinfos, on the same files. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capinfos, writeSample } from './captures.ts';
import { hone, until } from './hone.ts';

const self = [process.execPath, fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))];

const corpora =
  process.env.HONE_CORPORA ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hone-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const sample = writeSample('read.pcap', 500).file;
const later = writeSample('read-later.pcap', 300, 7).file;

const have = (tool: string, ...args: string[]) => spawnSync(tool, args).status === 0;
const tools = {
  tcpdump: have('tcpdump', '--version'),
  tshark: have('tshark', '--version'),
  zstd: have('zstd', '--version'),
};
const capture = (folderName: string) =>
  existsSync(join(corpora, folderName))
    ? readdirSync(join(corpora, folderName))
        .filter((name) => /\.pcap(ng)?$/.test(name))
        .map((name) => join(corpora, folderName, name))
    : [];
const pcaps = capture('pcap');
const pcapngs = capture('pcapng');

/** Their standard output, whatever they think of the file. */
function output(command: string, ...args: readonly string[]): string {
  return spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;
}

async function read(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await hone('read', ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

const tsharkPackets = (file: string) =>
  output(
    'tshark',
    '-n',
    '-r',
    file,
    '-T',
    'fields',
    '-e',
    'frame.time_epoch',
    '-e',
    'frame.len',
    '-e',
    'frame.cap_len',
  );

describe.skipIf(!tools.tcpdump)('beside tcpdump', () => {
  test('the same lines, but for nanoseconds', async () => {
    const theirs = output('tcpdump', '-nn', '-S', '-tt', '-r', sample, 'arp or icmp or tcp port 443').split(
      '\n',
    );
    const ours = (await read('-nn', '-tt', sample, 'arp or icmp or tcp port 443')).split('\n');
    expect(ours.map((line) => line.replace(/^(\d+\.\d{6})000/, '$1'))).toEqual(theirs);
    expect(theirs.length).toBeGreaterThan(20);
  });

  test.for(['-xx', '-XX', '-x', '-X'])('%s', async (flag) => {
    const theirs = output('tcpdump', '-nn', '-t', flag, '-c', '20', '-r', sample, 'greater 61')
      .split('\n')
      .filter((line) => line.startsWith('\t'));
    const ours = (await read('-nn', '-t', flag, '-c', '20', sample, 'greater 61'))
      .split('\n')
      .filter((line) => line.startsWith('\t'));
    expect(ours).toEqual(theirs);
    expect(theirs.length).toBeGreaterThan(20);
  });

  test('-e: addresses, type and length', async () => {
    const theirs = output('tcpdump', '-nn', '-te', '-r', sample, 'tcp').split('\n');
    const ours = (await read('-nte', sample, 'tcp')).split('\n');
    const head = (line: string) => line.split(': ')[0];
    expect(ours.map(head)).toEqual(theirs.map(head));
  });

  test.for(['tcp port 80', 'udp', 'ip6', 'vlan', 'less 100', 'not ip'])('"%s": as many', async (filter) => {
    const theirs = output('tcpdump', '--count', '-r', sample, filter);
    expect(await read('--count', sample, filter)).toBe(theirs.replace('packet\n', 'packets\n'));
  });
});

describe.skipIf(!tools.tshark)('beside tshark and its tools', () => {
  test('fields, laid out by -E', async () => {
    const fields = [
      'frame.number',
      'frame.time_epoch',
      'eth.src',
      'ip.src',
      'ip.ttl',
      'tcp.flags.syn',
      'udp.port',
      'vlan.id',
    ];
    const wanted = fields.flatMap((field) => ['-e', field]);
    const layouts = [
      [],
      ['-E', 'header=y', '-E', 'separator=,', '-E', 'quote=d', '-E', 'occurrence=f'],
      ['-E', 'aggregator=/s', '-E', 'separator=;', '-E', 'occurrence=l', '-E', 'quote=s'],
    ];
    for (const layout of layouts) {
      const theirs = output('tshark', '-n', '-r', sample, '-T', 'fields', ...wanted, ...layout);
      expect(await read(sample, '-T', 'fields', ...wanted, ...layout)).toBe(theirs);
    }
  });

  test('json and ek with fields', async () => {
    const wanted = ['-e', 'ip.src', '-e', 'frame.len', '-e', 'tcp.dstport'];
    for (const form of ['json', 'ek']) {
      const theirs = output('tshark', '-n', '-c', '100', '-r', sample, '-T', form, ...wanted);
      expect(await read(sample, '-c', '100', '-T', form, ...wanted)).toBe(theirs);
    }
    expect(await read(sample, 'ip proto 200', '-T', 'json', '-e', 'ip.src')).toBe('[]\n');
  });

  test('json without fields: every layer that tshark has, with its values', async () => {
    const ours = JSON.parse(await read(sample, 'tcp', '-c', '5', '-T', 'json'));
    const theirs = JSON.parse(output('tshark', '-n', '-r', sample, '-Y', 'tcp', '-c', '40', '-T', 'json'));
    expect(ours.length).toBe(5);
    for (const [index, packet] of ours.entries()) {
      const { ip, tcp } = packet._source.layers;
      const other = theirs[index]._source.layers;
      expect(packet._index).toBe(theirs[index]._index);
      if (Array.isArray(ip)) continue;
      expect(ip['ip.src']).toBe(other.ip['ip.src']);
      expect(tcp['tcp.srcport']).toBe(other.tcp['tcp.srcport']);
    }
  });

  test('-w of every corpus file: what tshark reads in it stays the same', { timeout: 300_000 }, async () => {
    const some = [
      ...pcaps.filter((_, index) => index % 12 === 0),
      ...pcapngs.filter((_, index) => index % 4 === 0),
    ];
    for (const file of some) {
      const { code } = await hone('read', '-q', file, '-w', at('copy'));
      if (code !== 0) continue;
      expect(tsharkPackets(at('copy')), file).toBe(tsharkPackets(file));
    }
  });

  test('merging: mergecap has the same packets in the same order', async () => {
    const parts = [sample, later, sample];
    for (const order of [[], ['-a']]) {
      execFileSync('mergecap', ['-w', at('theirs'), ...order, ...parts]);
      const { stderr } = await hone('read', ...order, ...parts, '-w', at('ours'));
      expect(stderr).toBe('1300 of 1300 packets written\n');
      expect(tsharkPackets(at('ours'))).toBe(tsharkPackets(at('theirs')));
      expect(capinfos(at('ours')).get('Number of interfaces in file')).toBe('3');
    }
  });

  test('merging pcapng of both byte orders keeps interfaces, options and statistics', async (ctx) => {
    const parts = pcapngs.filter((file) => /test(001|002|008|010)\.pcapng$/.test(file));
    if (parts.length === 0) ctx.skip(`no corpora at ${corpora}`);
    expect((await hone('read', '-q', '-a', ...parts, '-w', at('ours'))).code).toBe(0);
    expect(tsharkPackets(at('ours'))).toBe(
      // What has no time gets the earliest one.
      parts.map(tsharkPackets).join('').replace(/^\t/gm, '0.000000000\t'),
    );
  });

  test('ranges of time and number: as editcap', async () => {
    const times = output('tshark', '-r', sample, '-T', 'fields', '-e', 'frame.time_epoch').split('\n');
    const [from, to] = [times[100]!, times[200]!];
    await hone('read', '-q', sample, '-A', from, '-B', to, '-w', at('ours'));
    execFileSync('editcap', ['-A', from, '-B', to, sample, at('theirs')]);
    expect(tsharkPackets(at('ours'))).toBe(tsharkPackets(at('theirs')));
    await hone('read', '-q', sample, '--packets', '10-20,30,490-', '-w', at('ours'));
    execFileSync('editcap', ['-r', sample, at('theirs'), '10-20', '30', '490-500']);
    expect(tsharkPackets(at('ours'))).toBe(tsharkPackets(at('theirs')));
  });

  test('-P: pcap, which tcpdump and tshark read', async () => {
    await hone('read', '-q', sample, '-w', at('ng'));
    await hone('read', '-q', at('ng'), '-P', '-w', at('plain'));
    expect(capinfos(at('plain')).get('File type')).toBe('nsecpcap');
    expect(tsharkPackets(at('plain'))).toBe(tsharkPackets(sample));
  });
});

describe('on its own', () => {
  let whole: string;
  beforeAll(async () => {
    whole = await read(sample);
  });

  test('standard input, gzip and zstd, told apart by their bytes', async (ctx) => {
    const bytes = readFileSync(sample);
    writeFileSync(at('packed'), gzipSync(bytes));
    expect(await read(at('packed'))).toBe(whole);
    if (!tools.zstd) ctx.skip('needs zstd: apt-get install zstd');
    execFileSync('zstd', ['-q', '-f', sample, '-o', at('packed')]);
    expect(await read(at('packed'))).toBe(whole);
    const piped = spawnSync('sh', ['-c', `cat '${at('packed')}' | "$0" "$@"`, ...self, 'read', '-'], {
      encoding: 'utf8',
    });
    expect(piped.stdout).toBe(whole);
  });

  test('damage: everything before it, one line that says where, exit 1', async () => {
    const bytes = readFileSync(sample);
    writeFileSync(at('cut'), bytes.subarray(0, bytes.length - 5));
    const { code, stdout, stderr } = await hone('read', at('cut'));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^hone read: \/.*cut: capture file cut short: it ends at byte \d+, inside [^\n]+\n$/,
    );
    expect(stdout.trimEnd().split('\n')).toEqual(whole.trimEnd().split('\n').slice(0, -1));
    const merged = await hone('read', '-q', at('cut'), later, '-w', at('ours'));
    expect(merged.code).toBe(1);
    expect(await read('--count', at('ours'))).toBe('799 packets\n');
  });

  test.for([
    [['no-such-file'], /cannot read no-such-file: no such file or directory \(ENOENT\)/],
    [[sample, 'gone.pcap'], /cannot read gone.pcap: no such file/],
    [[sample, 'tcp prot 80'], /\n.*\^/],
    [[sample, '-T', 'fields', '-e', 'ip.srd'], /-e ip.srd: no such field, did you mean "ip.src"\?/],
    [['/'], /cannot read \/: it is a folder/],
    [[sample, '-w', sample], /is the file that is read/],
    [['/etc/passwd'], /not a capture file/],
    [[sample, '-w', '/no/such/folder/x'], /cannot open \/no\/such\/folder\/x for writing/],
  ] as const)('refuses %j', async ([args, message]) => {
    const before = statSync(sample).size;
    const { code, stdout, stderr } = await hone('read', ...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/at .*\.js:/);
    expect(statSync(sample).size).toBe(before);
  });

  test('a wrong filter leaves a file that is there as it is', async () => {
    writeFileSync(at('kept'), 'kept');
    expect((await hone('read', sample, '-f', 'nonsense', '-w', at('kept'))).code).toBe(1);
    expect(readFileSync(at('kept'), 'utf8')).toBe('kept');
  });

  test('whoever reads our lines has seen enough', () => {
    const script = `"$0" "$@" | head -n 2; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, ...self, 'read', sample, sample, sample], {
      encoding: 'utf8',
    });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0');
    expect(stderr).toBe('');
  });

  test('a full disk: the file ends with a whole packet', async (ctx) => {
    const mount = at('small');
    const made = spawnSync('sh', ['-c', `mkdir -p ${mount} && mount -t tmpfs -o size=64k tmpfs ${mount}`]);
    if (made.status !== 0) ctx.skip('needs the right to mount');
    try {
      const { code, stderr } = await hone('read', sample, later, sample, '-w', join(mount, 'x.pcapng'));
      expect(code).toBe(1);
      expect(stderr).toMatch(/no space left on device .*whole up to its last packet/);
      expect((await hone('read', '--count', join(mount, 'x.pcapng'))).code).toBe(0);
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  test('SIGINT while standard input keeps us waiting: what came is written, exit 0', async () => {
    const feeder = spawn('sh', ['-c', `cat '${sample}'; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const child = spawn(self[0]!, [...self.slice(1), 'read', '-', '-w', at('live')], {
      stdio: [feeder.stdout, 'ignore', 'pipe'],
    });
    feeder.stdout.destroy();
    await until('packets in the file', () => existsSync(at('live')) && statSync(at('live')).size > 10_000);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    feeder.kill();
    expect(code).toBe(0);
    expect(await read('--count', at('live'))).toBe('500 packets\n');
  });

  test('--stats counts what there is', async () => {
    const text = await read('--stats', sample);
    expect(text).toMatch(/^packets {3}500\n/);
    expect(text).toMatch(/eth +500 100\.0 %/);
    expect(text).toMatch(/who sends most/);
  });
});
