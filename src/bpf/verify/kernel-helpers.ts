/** Helpers of Linux by their numbers, as <linux/bpf.h> has them: those that hone's programs call, by program type. */
import type { HelperArgument, HelperResult } from '../vm/engine.ts';
import type { KernelProgramType } from './kernel.ts';
import type { HelperShape } from './profile.ts';

type Spec = readonly [
  id: number,
  name: string,
  types: 'all' | readonly KernelProgramType[],
  takes: readonly HelperArgument[],
  result: HelperResult,
];

const tracing: readonly KernelProgramType[] = ['kprobe', 'tracepoint', 'perf_event', 'raw_tracepoint'];

const specs: readonly Spec[] = [
  [1, 'map_lookup_elem', 'all', ['map', 'map-key'], 'map-value-or-null'],
  [2, 'map_update_elem', 'all', ['map', 'map-key', 'map-value', 'scalar'], 'scalar'],
  [3, 'map_delete_elem', 'all', ['map', 'map-key'], 'scalar'],
  [4, 'probe_read', tracing, ['memory-out', 'size', 'scalar'], 'scalar'],
  [5, 'ktime_get_ns', 'all', [], 'scalar'],
  [7, 'get_prandom_u32', 'all', [], 'scalar'],
  [8, 'get_smp_processor_id', 'all', [], 'scalar'],
  [14, 'get_current_pid_tgid', tracing, [], 'scalar'],
  [15, 'get_current_uid_gid', tracing, [], 'scalar'],
  [16, 'get_current_comm', tracing, ['memory-out', 'size'], 'scalar'],
  [25, 'perf_event_output', 'all', ['context', 'map', 'scalar', 'memory', 'size'], 'scalar'],
  [26, 'skb_load_bytes', ['socket_filter'], ['context', 'scalar', 'memory-out', 'size'], 'scalar'],
  [27, 'get_stackid', tracing, ['context', 'map', 'scalar'], 'scalar'],
  [80, 'get_current_cgroup_id', tracing, [], 'scalar'],
  [112, 'probe_read_user', tracing, ['memory-out', 'size', 'scalar'], 'scalar'],
  [113, 'probe_read_kernel', tracing, ['memory-out', 'size', 'scalar'], 'scalar'],
  [114, 'probe_read_user_str', tracing, ['memory-out', 'size', 'scalar'], 'scalar'],
  [115, 'probe_read_kernel_str', tracing, ['memory-out', 'size', 'scalar'], 'scalar'],
  [125, 'ktime_get_boot_ns', 'all', [], 'scalar'],
  [130, 'ringbuf_output', 'all', ['map', 'memory', 'size', 'scalar'], 'scalar'],
  [131, 'ringbuf_reserve', 'all', ['map', 'record-size', 'scalar'], 'record-or-null'],
  [132, 'ringbuf_submit', 'all', ['record', 'scalar'], 'nothing'],
  [133, 'ringbuf_discard', 'all', ['record', 'scalar'], 'nothing'],
  [173, 'get_func_ip', tracing, ['context'], 'scalar'],
];

export function kernelHelpers(type: KernelProgramType): ReadonlyMap<number, HelperShape> {
  return new Map(
    specs
      .filter(([, , types]) => types === 'all' || types.includes(type))
      .map(([id, name, , takes, result]) => [id, { name, arguments: takes, result }]),
  );
}
