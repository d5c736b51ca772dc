import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const dependencies: Record<string, string> = JSON.parse(read('package.json')).dependencies;
const sections = new Map(
  read('dist/third-party-notices.md')
    .split(/^## /m)
    .map((section) => [section.split(' (')[0]!, section]),
);

test.each(Object.entries(dependencies))('%s %s is distributed with its licence', (name, version) => {
  expect(sections.get(`${name} - ${version}`)).toMatch(/permission is hereby granted|SIL OPEN FONT LICENSE/i);
});
