/** The trace as protoc reads it, with the messages of test/conformance/perfetto-trace.proto. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { convertedFile } from '../../../test/fakes/converted-file.ts';
import { MadeSources, T0 } from '../../../test/fakes/made-sources.ts';
import { EnumerationValue } from '../../ctf/index.ts';
import type { ItemSource } from '../item-source.ts';

const schema = fileURLToPath(new URL('../../../test/conformance', import.meta.url));
const haveProtoc = spawnSync('protoc', ['--version']).status === 0;

async function perfettoOf(sources: readonly ItemSource[]): Promise<string> {
  const { path, remove } = await convertedFile('perfetto', sources);
  try {
    const { status, stdout, stderr } = spawnSync(
      'protoc',
      ['-I', schema, '--decode=perfetto.protos.Trace', 'perfetto-trace.proto'],
      { input: readFileSync(path), encoding: 'utf8', maxBuffer: 64 << 20 },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return stdout;
  } finally {
    remove();
  }
}

describe.skipIf(!haveProtoc)('protoc reads', () => {
  test('tracks, slices, moments, values, flows and fields, all of them known', async () => {
    const made = new MadeSources();
    const session = made.session('run', true);
    const fields = {
      nb_rx: 2,
      big: 0xffff_ffff_ffff_ffffn,
      negative: -3,
      share: 0.5,
      text: 'ä"',
      state: new EnumerationValue(1, ['up']),
      list: [1, { deep: true }],
      bytes: Uint8Array.of(1, 255),
      absent: undefined,
    };
    const text = await perfettoOf([
      made.trace(session, [
        {
          events: [
            { timeNs: T0, name: 'dpdk:rx_burst', fields },
            { timeNs: T0 + 1n, name: 'dpdk:rx_packet', fields: { mbuf: 5n, packet_id: 9n } },
            { timeNs: T0 + 2n, name: 'dpdk:tx_packet', fields: { mbuf: 5n, packet_id: 10n } },
            { timeNs: T0 + 3n, name: 'dpdk:ring_level', fields: { name: 'r', count: 3, huge: 1n << 63n } },
          ],
        },
      ]),
      made.capture(session, [
        { timeNs: T0 + 9n, direction: 'out', packetId: 10n, data: new Uint8Array(300) },
      ]),
    ]);
    // A field without a name is one that the schema does not have.
    expect(text).not.toMatch(/^\s*\d+[:{ ]/m);
    expect(
      text.replaceAll(/^ {2}(trusted_packet_sequence_id: 1|sequence_flags: 2)\n/gm, ''),
    ).toMatchInlineSnapshot(`
      "packet {
        sequence_flags: 1
        track_descriptor {
          uuid: 1
          process {
            pid: 7
            process_name: "app"
          }
        }
        first_packet_on_sequence: true
      }
      packet {
        track_descriptor {
          uuid: 2
          thread {
            pid: 7
            tid: 100
            thread_name: "lcore 1"
          }
          parent_uuid: 1
        }
      }
      packet {
        clock_snapshot {
          clocks {
            clock_id: 6
            timestamp: 1700000000000000000
          }
          clocks {
            clock_id: 1
            timestamp: 1700000000000000000
          }
        }
      }
      packet {
        timestamp: 1700000000000000000
        track_event {
          debug_annotations {
            name_iid: 1
            uint_value: 2
          }
          debug_annotations {
            name_iid: 2
            uint_value: 18446744073709551615
          }
          debug_annotations {
            name_iid: 3
            int_value: -3
          }
          debug_annotations {
            name_iid: 4
            double_value: 0.5
          }
          debug_annotations {
            name_iid: 5
            string_value: "\\303\\244\\""
          }
          debug_annotations {
            name_iid: 6
            string_value: "up"
          }
          debug_annotations {
            name_iid: 7
            array_values {
              uint_value: 1
            }
            array_values {
              dict_entries {
                name_iid: 8
                bool_value: true
              }
            }
          }
          debug_annotations {
            name_iid: 9
            string_value: "01ff"
          }
          type: TYPE_SLICE_BEGIN
          name_iid: 1
          track_uuid: 2
        }
        interned_data {
          event_names {
            iid: 1
            name: "dpdk:rx_burst"
          }
          debug_annotation_names {
            iid: 1
            name: "nb_rx"
          }
          debug_annotation_names {
            iid: 2
            name: "big"
          }
          debug_annotation_names {
            iid: 3
            name: "negative"
          }
          debug_annotation_names {
            iid: 4
            name: "share"
          }
          debug_annotation_names {
            iid: 5
            name: "text"
          }
          debug_annotation_names {
            iid: 6
            name: "state"
          }
          debug_annotation_names {
            iid: 7
            name: "list"
          }
          debug_annotation_names {
            iid: 8
            name: "deep"
          }
          debug_annotation_names {
            iid: 9
            name: "bytes"
          }
        }
      }
      packet {
        timestamp: 1700000000000000001
        track_event {
          debug_annotations {
            name_iid: 10
            uint_value: 5
          }
          debug_annotations {
            name_iid: 11
            uint_value: 9
          }
          type: TYPE_INSTANT
          name_iid: 2
          track_uuid: 2
          flow_ids: 1
        }
        interned_data {
          event_names {
            iid: 2
            name: "dpdk:rx_packet"
          }
          debug_annotation_names {
            iid: 10
            name: "mbuf"
          }
          debug_annotation_names {
            iid: 11
            name: "packet_id"
          }
        }
      }
      packet {
        timestamp: 1700000000000000002
        track_event {
          debug_annotations {
            name_iid: 10
            uint_value: 5
          }
          debug_annotations {
            name_iid: 11
            uint_value: 10
          }
          type: TYPE_INSTANT
          name_iid: 3
          track_uuid: 2
          flow_ids: 1
        }
        interned_data {
          event_names {
            iid: 3
            name: "dpdk:tx_packet"
          }
        }
      }
      packet {
        track_descriptor {
          uuid: 3
          name: "r count"
          parent_uuid: 1
          counter {
          }
        }
      }
      packet {
        timestamp: 1700000000000000003
        track_event {
          type: TYPE_COUNTER
          track_uuid: 3
          counter_value: 3
        }
      }
      packet {
        track_descriptor {
          uuid: 4
          name: "r huge"
          parent_uuid: 1
          counter {
          }
        }
      }
      packet {
        timestamp: 1700000000000000003
        track_event {
          type: TYPE_COUNTER
          track_uuid: 4
          double_counter_value: 9.2233720368547758e+18
        }
      }
      packet {
        track_descriptor {
          uuid: 5
          name: "port 0"
          parent_uuid: 1
        }
      }
      packet {
        timestamp: 1700000000000000009
        track_event {
          debug_annotations {
            name_iid: 12
            uint_value: 1
          }
          debug_annotations {
            name_iid: 13
            uint_value: 0
          }
          debug_annotations {
            name_iid: 14
            string_value: "out"
          }
          debug_annotations {
            name_iid: 15
            uint_value: 0
          }
          debug_annotations {
            name_iid: 16
            uint_value: 300
          }
          debug_annotations {
            name_iid: 17
            uint_value: 300
          }
          debug_annotations {
            name_iid: 11
            uint_value: 10
          }
          type: TYPE_INSTANT
          track_uuid: 5
          name: "00:00:00:00:00:00 > 00:00:00:00:00:00, 802.3, length 0"
          terminating_flow_ids: 1
        }
        interned_data {
          debug_annotation_names {
            iid: 12
            name: "number"
          }
          debug_annotation_names {
            iid: 13
            name: "interface"
          }
          debug_annotation_names {
            iid: 14
            name: "direction"
          }
          debug_annotation_names {
            iid: 15
            name: "queue"
          }
          debug_annotation_names {
            iid: 16
            name: "len"
          }
          debug_annotation_names {
            iid: 17
            name: "captured_len"
          }
        }
      }
      packet {
        timestamp: 1700000000000000002
        track_event {
          type: TYPE_SLICE_END
          track_uuid: 2
        }
      }
      "
    `);
  });
});
