/** From what the command line asks for to the one application that is recorded, and the ids of its ports. */
import { UsageError } from '../base/index.ts';
import { type AnsweringApplication, resolveApplication, resolvePorts } from '../target/index.ts';
import type { RecordOptions } from './record-options.ts';

export interface RecordedApplication {
  /** The caller closes its target. */
  readonly application: AnsweringApplication;
  /** Undefined for everywhere. */
  readonly portIds: readonly number[] | undefined;
}

/** @throws UsageError when there is none, or more than one */
export async function findRecorded({ application, ports }: RecordOptions): Promise<RecordedApplication> {
  if (ports === undefined) return { application: await resolveApplication(application), portIds: undefined };
  const selectors = ports.map(({ selector }) => within(application, selector));
  const { selections, applications } = await resolvePorts(selectors);
  const [only, ...others] = applications;
  if (only === undefined || others.length > 0) {
    for (const { target } of applications) target.close();
    const labels = applications.map(({ label }) => label).join(', ');
    throw new UsageError(`-i: got ports of ${labels}: expected those of one application`);
  }
  const isAll = selectors.some((selector) => /(^|\/)all$/.test(selector));
  const portIds = [...new Set(selections.flat().map(({ port }) => port.portId))];
  return { application: only, portIds: isAll ? undefined : portIds };
}

/** The same port, said of one application. */
export function within(application: string | undefined, selector: string): string {
  return application === undefined || selector.includes('/') ? selector : `${application}/${selector}`;
}
