/** Whole scripts: what is in their maps and events after some hits, on both engines. */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import { compile, engines, start } from './run-script.fixture.ts';
import { app, scriptCases } from './script-cases.fixture.ts';

for (const engine of engines) {
  describe(`on the engine ${engine.name}`, () => {
    for (const { script, hits, maps, events } of scriptCases) {
      test(script, () => {
        const run = start(compile(script), engine);
        for (const hit of hits) run.hit(hit);
        const wanted = Object.entries(maps).map(([name, entries]) => [
          name,
          Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, value.map(BigInt)])),
        ]);
        expect(Object.fromEntries(Object.keys(maps).map((name) => [name, run.map(name)]))).toEqual(
          Object.fromEntries(wanted),
        );
        expect(run.events.map((event) => Buffer.from(event).toString('hex'))).toEqual(events ?? []);
      });
    }
  });
}

describe('does not compile', () => {
  test('more than fits the scratch memory', () => {
    const texts = Array.from({ length: 26 }, () => 'args.name').join(', ');
    expect(() => compile(app(`@[${texts}] = count();`))).toThrow(CompileError);
  });

  test('a program that is too long', () => {
    expect(() =>
      compile(app('unroll(100) { printf("%s %s %s %s", args.name, args.name, args.name, args.name); }')),
    ).toThrow(/instructions: expected at most 4096/);
  });
});
