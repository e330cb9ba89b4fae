import { expect, test } from 'vitest';
import { UnsupportedError } from '../../base/index.ts';
import * as spec from './map-spec.ts';
import { layOutMaps } from './place-maps.ts';

const hash = { name: 'm', type: spec.BPF_MAP_TYPE_HASH, keyBytes: 4, valueBytes: 8, maxEntries: 4, flags: 0 };

test.each([
  [{ type: 3 }, 'map m: type 3 is not supported: expected one of hash (1), array (2), percpu_hash (5), '],
  [{ keyBytes: 0 }, 'map m: key of 0 bytes: expected 1 to 512 for type hash'],
  [{ type: spec.BPF_MAP_TYPE_ARRAY, keyBytes: 8 }, 'map m: key of 8 bytes: expected 4 for type array'],
  [{ type: spec.BPF_MAP_TYPE_LPM_TRIE }, 'map m: key of 4 bytes: expected 5 to 260 for type lpm_trie'],
  [{ valueBytes: 0 }, 'map m: value of 0 bytes: expected 1 to 67108864 for type hash'],
  [{ type: spec.BPF_MAP_TYPE_RINGBUF }, 'map m: key of 4 bytes: expected 0 for type ringbuf'],
  [
    { type: spec.BPF_MAP_TYPE_RINGBUF, keyBytes: 0, valueBytes: 0, maxEntries: 6000 },
    "map m: max_entries 6000: expected a power of two from 4096, the ring's bytes",
  ],
  [{ maxEntries: 0 }, 'map m: max_entries 0: expected 1 to 67108864'],
  [{ flags: 4 }, 'map m: flags 0x4: expected BPF_F_NO_PREALLOC or BPF_F_RDONLY_PROG'],
])('%j is refused', (wrong, message) => {
  expect(() => spec.checkMapSpec({ ...hash, ...wrong })).toThrow(spec.MapError);
  expect(() => spec.checkMapSpec({ ...hash, ...wrong })).toThrow(message);
});

test('where maps lie is fixed by their specs', () => {
  const array = { ...hash, type: spec.BPF_MAP_TYPE_PERCPU_ARRAY, valueBytes: 3 };
  expect(layOutMaps([hash, array], 70, 2)).toEqual({
    // 16 + 4 heads + 4 entries of 16 + 8 + 8; 8 + 4 entries for 2 processors of 8.
    offsets: [128, 320],
    endOffset: 320 + 8 + 64,
  });
});

test('maps that no memory has are refused', () => {
  const large = { ...hash, maxEntries: 1 << 26 };
  expect(() => layOutMaps([large], 64, 1)).toThrow(UnsupportedError);
});
