/**
 * hone/dataplane.h and the provider of LTTng-UST are made of src/tracepoints/dataplane-points.ts. After a change: npm run generate
 */
import { expect, test } from 'vitest';
import { dataplaneTable, generatePoints } from '../../src/tracepoints/index.ts';

const origin = 'src/tracepoints/dataplane-points.ts';
const generated = generatePoints(dataplaneTable, { origin, includeFolder: 'hone/' });

test.each([
  ['native/agent/include/hone/dataplane.h', generated.header],
  ['native/agent/include/hone/dataplane-lttng.h', generated.lttngHeader],
  ['native/agent/lttng/dataplane-lttng.c', generated.lttngSource],
])('%s', async (path, { text }) => {
  await expect(text).toMatchFileSnapshot(`../../${path}`);
});
