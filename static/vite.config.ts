import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const NOTICES = 'third-party-notices.md';
const COMPRESSIBLE = /\.(js|css|svg)$/;

/** Writes `x.br` and `x.gz` beside every text asset, from what stands on disk in the end. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      for (const fileName of Object.keys(bundle).filter((name) => COMPRESSIBLE.test(name))) {
        const path = join(dir!, fileName);
        const source = readFileSync(path);
        const quality = {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: source.length },
        };
        writeFileSync(`${path}.br`, brotliCompressSync(source, quality));
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }));
      }
    },
  };
}

/** Adds the licences of files that stylesheets refer to: Vite's own list has only packages of scripts. */
function noticesOfAssets(): Plugin {
  return {
    name: 'notices-of-assets',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      const sources = Object.values(bundle).flatMap((file) => (file.type === 'asset' ? file.originalFileNames : []));
      const packages = new Set(sources.flatMap((source) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? []));
      for (const directory of [...packages].toSorted()) {
        const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
        const text = readFileSync(join(directory, 'LICENSE'), 'utf8');
        appendFileSync(join(dir!, NOTICES), `\n## ${name} - ${version} (${license})\n\n${text.trim()}\n`);
      }
    },
  };
}

const FIRST = join(import.meta.dirname, 'src/main.tsx');
/** A script of its own, which does not wait for the chunk. */
const EARLY = join(import.meta.dirname, 'src/early.ts');

type ModuleInfoOf = (id: string) => { importedIds: string[] } | null;

/** Adds the scripts that one imports, directly or by others; not what is loaded later. */
function addImported(id: string, infoOf: ModuleInfoOf, found: Set<string>): Set<string> {
  for (const imported of infoOf(id)?.importedIds ?? []) {
    if (found.has(imported) || imported.endsWith('.css')) continue;
    addImported(imported, infoOf, found.add(imported));
  }
  return found;
}

let first: ReadonlySet<string> | null = null;

/** What the first page needs is one chunk, which compresses better than one for each set of later chunks that share it. */
function chunkOf(id: string, graph: { getModuleInfo: ModuleInfoOf }): string | null {
  first ??= addImported(FIRST, (each) => graph.getModuleInfo(each), new Set());
  return id !== EARLY && first.has(id) ? 'first' : null;
}

export default defineConfig({
  base: '/cp/assets/',
  publicDir: false,
  plugins: [precompress(), noticesOfAssets()],
  build: {
    // The newest syntax that all browsers of the last two years read; light-dark() needs the same ones.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    manifest: 'manifest.json',
    assetsDir: '.',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The licences of the bundled packages.
    license: { fileName: NOTICES },
    rolldownOptions: {
      input: ['src/early.ts', 'src/main.tsx'],
      output: { codeSplitting: { groups: [{ name: chunkOf, debugName: 'first' }] } },
    },
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
