import { readFileSync, statSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const DIST = new URL('../dist/', import.meta.url);

interface Chunk {
  file: string;
  isEntry?: boolean;
  isDynamicEntry?: boolean;
  imports?: string[];
  css?: string[];
  src?: string;
}

const manifest: Record<string, Chunk> = JSON.parse(readFileSync(new URL('manifest.json', DIST), 'utf8'));

/** The files that come with a chunk: itself and what it imports, without what it loads later. */
function filesOf(key: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const imported of chunk.imports ?? []) filesOf(imported, seen);
  return seen;
}

function gzipped(files: Iterable<string>, extension: string): number {
  return (
    [...files]
      .filter((f) => f.endsWith(extension))
      .reduce((sum, f) => sum + statSync(new URL(`${f}.gz`, DIST)).size, 0) / 1000
  );
}

const first = filesOf('src/main.tsx');

test('what the first page loads stays within its budget', () => {
  expect(gzipped(first, '.js')).toBeGreaterThan(1);
  expect(gzipped(first, '.js')).toBeLessThanOrEqual(70);
  expect(gzipped(first, '.css')).toBeLessThanOrEqual(12);
  expect(gzipped(filesOf('src/early.ts'), '.js')).toBeLessThanOrEqual(0.5);
});

const later = (source: string) =>
  new Set(
    Object.entries(manifest)
      .filter(([key, chunk]) => chunk.isDynamicEntry && key.startsWith(source))
      .flatMap(([key]) => [...filesOf(key)])
      .filter((file) => !first.has(file)),
  );

test('the editor comes later, and stays within its budget', () => {
  expect(gzipped(later('src/editor/'), '.js')).toBeGreaterThan(1);
  expect(gzipped(later('src/editor/'), '.js')).toBeLessThanOrEqual(150);
});

test('so does each screen that the first page does not need, and no one costs much', () => {
  const screens = Object.entries(manifest).filter(
    ([key, chunk]) => chunk.isDynamicEntry && key.startsWith('src/screens/') && !key.startsWith('src/screens/parts/'),
  );
  expect(screens.length).toBeGreaterThan(1);
  for (const [key] of screens) {
    const files = [...filesOf(key)].filter((file) => !first.has(file));
    expect(gzipped(files, '.js'), key).toBeLessThanOrEqual(20);
    expect(gzipped(files, '.css'), key).toBeLessThanOrEqual(4);
  }
});
test('every text file has its compressed twins, and they hold the same', () => {
  for (const file of Object.keys(manifest)
    .flatMap((key) => [...filesOf(key)])
    .filter((f) => /\.(js|css)$/.test(f))) {
    const read = (name: string) => readFileSync(new URL(name, DIST));
    expect(gunzipSync(read(`${file}.gz`)).equals(read(file)), file).toBe(true);
    expect(brotliDecompressSync(read(`${file}.br`)).equals(read(file)), file).toBe(true);
  }
});
