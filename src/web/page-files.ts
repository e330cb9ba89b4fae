/**
 * The files of the page, read once at the start: what is not in the folder then is never served, whatever a path says.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { SysError } from '../base/index.ts';

export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** By path: `/app.js`; `/` is index.html. @throws SysError when the page was not built */
export function readPageFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  try {
    for (const name of readdirSync(folder)) {
      const contentType = CONTENT_TYPES[extname(name)];
      if (contentType === undefined) continue;
      files.set(`/${name}`, { contentType, body: readFileSync(join(folder, name)) });
    }
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    throw new SysError('open', -errno, `cannot read the page in ${folder}: was it built (npm run build)?`);
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}
