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

  test('more variables than the stack has room for', () => {
    const names = Array.from({ length: 70 }, (_, i) => `$v${i}`);
    const body = names.map((name) => `${name} = args.a;`).join(' ');
    expect(() => compile(app(`${body} @ = sum(${names.join(' + ')});`))).toThrow(
      /needs more than 512 bytes of stack/,
    );
    const some = names.slice(0, 60);
    expect(() =>
      compile(app(`${body.slice(0, body.indexOf('$v60'))} @ = sum(${some.join(' + ')});`)),
    ).not.toThrow();
  });

  test('a program that is too long', () => {
    expect(() =>
      compile(app('unroll(100) { printf("%s %s %s %s", args.name, args.name, args.name, args.name); }')),
    ).toThrow(/instructions: expected at most 4096/);
  });

  test('maps that are too big: which one, how big, the limit', () => {
    const tables = Array.from({ length: 10 }, (_, i) => `@m${i}[args.a, ${i}] = hist(args.a, 5);`);
    expect(() => compile(app(tables.join(' ')))).toThrow(
      /^@m\d is too big: with its \d+\.\d MiB all maps take \d+\.\d MiB for each thread, and 256\.0 MiB are allowed\n/,
    );
    expect(() => compile(app(tables.slice(0, 5).join(' ')))).not.toThrow();
  });
});
