import { expect, test } from 'vitest';
import { dpdkPoints } from '../tracepoints/index.ts';
import { pointFinder } from './find-points.ts';

const find = pointFinder(dpdkPoints, 'an application');
const names = (...parts: string[]) => find({ parts }).map(({ name }) => name);

test('names and patterns', () => {
  expect(names('dpdk', 'rx_burst')).toEqual(['dpdk:rx_burst']);
  expect(names('dpdk', '*_packet')).toEqual(['dpdk:rx_packet', 'dpdk:tx_packet']);
  expect(names('*').length).toBe(dpdkPoints.length);
});

test.each([
  ['dpdk:rx_bust', 'an application has no probe dpdk:rx_bust, did you mean dpdk:rx_burst?'],
  ['dpdk:rx.burst', 'an application has no probe dpdk:rx.burst, did you mean dpdk:rx_burst?'],
  ['app:x:y', /^an application has no probe app:x:y: there are dpdk:rx_poll, /],
])('%s is refused', (text, message) => {
  expect(() => find({ parts: text.split(':') })).toThrow(message);
});
