/** A page for a browser into a file. */
import { OutputStream, openOutput } from '../output/index.ts';

/** @throws SysError */
export async function writePage(path: string, page: string): Promise<void> {
  const givesUp = () => false;
  const { fd, isShared } = await openOutput(path, givesUp);
  const stream = new OutputStream({ name: path, fd, isShared, givesUp });
  await stream.put(new TextEncoder().encode(page));
  await stream.close();
}
