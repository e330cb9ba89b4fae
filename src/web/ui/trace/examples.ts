/** Scripts to begin with; each answers a question that people have. */
export const EXAMPLES: readonly { readonly title: string; readonly script: string }[] = [
  { title: 'How full are the bursts?', script: 'dpdk:rx_burst { @packets = hist(args.nb_rx); }' },
  {
    title: 'Which queue gets how much?',
    script: 'dpdk:rx_burst { @received[args.port, args.queue] = sum(args.nb_rx); }',
  },
  {
    title: 'How long between two bursts, in ns?',
    script: `dpdk:rx_burst {
  if (@last[args.port] > 0) { @gap_ns[args.port] = hist(nsecs - @last[args.port]); }
  @last[args.port] = nsecs;
}`,
  },
  {
    title: 'Who talks to whom, in bytes?',
    script: 'dpdk:rx_packet /ip/ { @bytes[ip.src, ip.dst] = sum(args.len); }',
  },
  {
    title: 'Which ports do connections go to?',
    script: 'dpdk:rx_packet /tcp.flags.syn && !tcp.flags.ack/ { @opened[tcp.dport] = count(); }',
  },
  {
    title: 'How long are packets, by protocol?',
    script: 'dpdk:rx_packet { @length[ip.proto] = stats(args.len); @sizes = lhist(args.len, 0, 1536, 128); }',
  },
  {
    title: 'In the kernel: which system calls are made?',
    script: 'tracepoint:raw_syscalls:sys_enter { @calls[comm, args.id] = count(); }',
  },
  {
    title: 'In the kernel: what runs on the processors?',
    script: 'profile:hz:99 { @samples[comm] = count(); }',
  },
  {
    title: 'Show new connections',
    script: `dpdk:rx_packet /tcp.flags.syn && !tcp.flags.ack/ {
  printf("%s > %s:%d\\n", ntop(ip.src), ntop(ip.dst), tcp.dport);
}`,
  },
];
