import { expect, test } from 'vitest';
import { Cleanup } from './cleanup.ts';

test('the last thing first; one that fails does not keep the others', () => {
  const done: number[] = [];
  const cleanup = new Cleanup();
  cleanup.add(() => done.push(1));
  cleanup.add(() => {
    throw new Error('gone already');
  });
  cleanup.add(() => done.push(3));
  cleanup.close();
  expect(done).toEqual([3, 1]);
});

test('what was undone before is not undone again', () => {
  const done: string[] = [];
  const cleanup = new Cleanup();
  const undo = cleanup.add(() => done.push('a'));
  cleanup.add(() => done.push('b'));
  undo();
  undo();
  cleanup.close();
  cleanup.close();
  expect(done).toEqual(['a', 'b']);
});

test('it does not listen to the end of the process any longer than it has to', () => {
  const before = process.listenerCount('exit');
  const cleanup = new Cleanup();
  expect(process.listenerCount('exit')).toBe(before + 1);
  cleanup.close();
  expect(process.listenerCount('exit')).toBe(before);
});
