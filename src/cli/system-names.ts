/**
 * Names for filters as this machine has them: /etc/services, /etc/protocols, /etc/hosts, /etc/networks and /etc/ethers, each read
 * when it is first asked. What is not there is looked up in the built-in table. No network.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinNames, type Resolver, type ServicePort } from '../filter/index.ts';

/** The resolver of this machine; `folder` is where the files are. */
export function systemNames(folder = '/etc'): Resolver {
  const services = once(() => parseServices(readText(join(folder, 'services'))));
  const protocols = once(() => parseProtocols(readText(join(folder, 'protocols'))));
  const hosts = once(() => parseHosts(readText(join(folder, 'hosts'))));
  const networks = once(() => parseNetworks(readText(join(folder, 'networks'))));
  const ethers = once(() => parseEthers(readText(join(folder, 'ethers'))));
  return {
    service: (name) => services().get(name) ?? builtinNames.service(name),
    protocol: (name) => protocols().get(name) ?? builtinNames.protocol(name),
    addresses: (name) => hosts().get(name) ?? [],
    network: (name) => networks().get(name.toLowerCase()),
    etherAddress: (name) => ethers().get(name),
    known: (kind) => [
      ...(kind === 'service' ? services().keys() : protocols().keys()),
      ...builtinNames.known(kind),
    ],
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A file that cannot be read says nothing. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The fields of each line, without comments. */
function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}

/** `domain 53/tcp alias...` */
function parseServices(text: string): ReadonlyMap<string, readonly ServicePort[]> {
  const services = new Map<string, ServicePort[]>();
  for (const [name, where, ...aliases] of fieldsOf(text)) {
    const [, port, protocol] = /^([0-9]+)\/(\w+)$/.exec(where ?? '') ?? [];
    if (port === undefined || protocol === undefined) continue;
    for (const each of [name!, ...aliases]) {
      services.set(each, [...(services.get(each) ?? []), { port: Number(port), protocol }]);
    }
  }
  return services;
}

/** `tcp 6 TCP` */
function parseProtocols(text: string): ReadonlyMap<string, number> {
  const protocols = new Map<string, number>();
  for (const [name, number, ...aliases] of fieldsOf(text)) {
    if (number === undefined || !/^[0-9]+$/.test(number)) continue;
    for (const each of [name!, ...aliases]) if (!protocols.has(each)) protocols.set(each, Number(number));
  }
  return protocols;
}

/** `127.0.0.1 localhost alias...` */
function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address, ...names] of fieldsOf(text)) {
    for (const name of names) hosts.set(name, [...(hosts.get(name) ?? []), address!]);
  }
  return hosts;
}

/** `loopback 127.0.0.0 alias...`: octets that are left out are 0. Case does not matter; the first line of a name counts. */
function parseNetworks(text: string): ReadonlyMap<string, number> {
  const networks = new Map<string, number>();
  for (const [name, address, ...aliases] of fieldsOf(text)) {
    const octets = (address ?? '').split('.');
    if (octets.length > 4 || !octets.every((octet) => /^[0-9]+$/.test(octet) && Number(octet) <= 255))
      continue;
    const number = [0, 1, 2, 3].reduce((sum, n) => sum * 256 + Number(octets[n] ?? 0), 0);
    for (const each of [name!, ...aliases].map((one) => one.toLowerCase())) {
      if (!networks.has(each)) networks.set(each, number);
    }
  }
  return networks;
}

/** `02:00:00:00:00:01 name`; the first line of a name counts. */
function parseEthers(text: string): ReadonlyMap<string, string> {
  const ethers = new Map<string, string>();
  for (const [address, name] of fieldsOf(text)) {
    const isAddress = /^[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}$/.test(address!);
    if (isAddress && name !== undefined && !ethers.has(name)) ethers.set(name, address!);
  }
  return ethers;
}
