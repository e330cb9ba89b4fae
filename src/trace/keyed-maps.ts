import type { KeyedMapLayout } from '../bpf/index.ts';
import type { CompiledScript } from '../script/index.ts';

/** The layouts of a script's keyed maps, by their number for the helpers. */
export function keyedMaps({ maps }: Pick<CompiledScript, 'maps'>): KeyedMapLayout[] {
  const layouts: KeyedMapLayout[] = [];
  for (const { place } of maps) if (place.kind === 'keyed') layouts[place.index] = place.layout;
  return layouts;
}
