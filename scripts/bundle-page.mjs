// Makes dist/web/ of src/web/ui: one script, one style sheet, and the licences of what is in them. Everything that the page
// needs is in the package; nothing is fetched from anywhere else, and nothing is built when it is served.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

const BUNDLED = ['preact', 'uplot'];

/** @param root of the package, with a slash at its end */
export async function bundlePage(root) {
  const ui = `${root}src/web/ui/`;
  const out = `${root}dist/web/`;
  mkdirSync(out, { recursive: true });
  const bundle = await rolldown({
    cwd: root,
    input: { app: 'src/web/ui/main.tsx' },
    platform: 'browser',
    tsconfig: `${ui}tsconfig.json`,
    // Tables that a page does not use go: nothing in these modules does anything when it is loaded.
    treeshake: {
      moduleSideEffects: [
        { test: /main\.tsx$/, sideEffects: true },
        { test: /./, sideEffects: false },
      ],
    },
  });
  await bundle.write({ dir: out, format: 'esm', minify: true, entryFileNames: '[name].js' });
  await bundle.close();
  const styles = [`${root}node_modules/uplot/dist/uPlot.min.css`, `${ui}page.css`];
  writeFileSync(`${out}app.css`, styles.map((path) => readFileSync(path, 'utf8')).join('\n'));
  for (const name of ['index.html', 'icon.svg']) copyFileSync(`${ui}${name}`, `${out}${name}`);
  const licences = BUNDLED.map(
    (name) => `${name}\n\n${readFileSync(`${root}node_modules/${name}/LICENSE`, 'utf8')}`,
  );
  writeFileSync(`${out}licences.txt`, licences.join('\n\n'));
}
