import { describe, expect, test } from 'vitest';
import { parseMaps } from './map-lines.ts';

describe('maps as the host sends them', () => {
  test.each([
    ['{"type": "map", "data": {"@n": 7}}', [{ name: '@n', kind: 'number', value: 7 }]],
    ['{"type": "map", "data": {"@who": "eth0"}}', [{ name: '@who', kind: 'text', value: 'eth0' }]],
    [
      '{"type": "map", "data": {"@by": {"1,2": 3, "4,5": 6}}}',
      [
        {
          ...{ name: '@by', kind: 'table', columns: ['value'] },
          rows: [
            { key: '4,5', values: [6] },
            { key: '1,2', values: [3] },
          ],
        },
      ],
    ],
    ['{"type": "stats", "data": {"@a": 5}}', [{ name: '@a', kind: 'number', value: 5 }]],
    [
      '{"type": "stats", "data": {"@s": {"count": 2, "average": 3, "total": 6}}}',
      [
        {
          name: '@s',
          kind: 'table',
          columns: ['count', 'average', 'total'],
          rows: [{ key: '', values: [2, 3, 6] }],
        },
      ],
    ],
    [
      '{"type": "stats", "data": {"@s": {"x": {"count": 2, "average": 3, "total": 6}}}}',
      [
        {
          name: '@s',
          kind: 'table',
          columns: ['count', 'average', 'total'],
          rows: [{ key: 'x', values: [2, 3, 6] }],
        },
      ],
    ],
    [
      '{"type": "hist", "data": {"@h": [{"max": -1, "count": 1}, {"min": 1, "max": 1, "count": 2}, {"min": 1024, "max": 2047, "count": 3}, {"min": 4096, "count": 4}]}}',
      [
        {
          ...{ name: '@h', kind: 'histograms' },
          histograms: [
            {
              key: '',
              buckets: [
                { label: '≤ -1', count: 1 },
                { label: '1', count: 2 },
                { label: '1Ki–2Ki', count: 3 },
                { label: '≥ 4Ki', count: 4 },
              ],
            },
          ],
        },
      ],
    ],
    [
      '{"type": "hist", "data": {"@h": {"0": [{"min": 0, "max": 0, "count": 9}]}}}',
      [{ name: '@h', kind: 'histograms', histograms: [{ key: '0', buckets: [{ label: '0', count: 9 }] }] }],
    ],
    ['{"type": "printf", "data": "text"}', []],
    ['', []],
  ])('%s', (line, want) => expect(parseMaps(`${line}\n`)).toEqual(want));
});
