import { expect, test } from 'vitest';
import { indentBelow } from '../src/lib/yaml-indent';

test.each([
  ['services:', 2],
  ['  - web:', 6],
  ['- web:  # the front', 4],
  ['  - "web":', 6],
  ['      image: nginx:1', 6],
  ['      environment:', 8],
  ['  - name: x', 4],
  ['        - "80:80"', 8],
  ['        - 80:80', 8],
  ['      command: |', 8],
  ['      ports: ["80:80"]', 6],
  ['      image: "a:b"', 6],
])('below %j a line begins at column %d', (line, column) => {
  expect(indentBelow(line)).toBe(column);
});

test.each(['', '   ', '# services:', '  # - web:'])('%j gives no indentation', (line) => {
  expect(indentBelow(line)).toBeNull();
});
