import { describe, expect, test } from 'vitest';
import { type Binding, isTyping, Keyboard, shown, strokeName } from '../src/lib/keys';

const stroke = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});
const binding = (keys: string, always = false): Binding => ({
  keys,
  label: keys,
  group: 'x',
  run: () => undefined,
  always,
});
const bindings = [
  binding('/'),
  binding('?'),
  binding('g c'),
  binding('g h'),
  binding('mod+k', true),
  binding('escape', true),
  binding('c'),
];

describe('Keyboard', () => {
  test.each([
    [stroke('/'), '/'],
    [stroke('?', { shiftKey: true }), '?'],
    [stroke('k', { ctrlKey: true }), 'mod+k'],
    [stroke('K', { metaKey: true }), 'mod+k'],
    [stroke('Escape'), 'escape'],
    [stroke('x'), undefined],
    [stroke('/', { altKey: true }), undefined],
  ])('one stroke', (event, keys) => expect(new Keyboard().match(event, bindings, false, 0)?.keys).toBe(keys));

  test('one after the other', () => {
    const keyboard = new Keyboard();
    expect(keyboard.match(stroke('g'), bindings, false, 0)).toBeNull();
    expect(keyboard.match(stroke('c'), bindings, false, 500)?.keys).toBe('g c');
    expect(keyboard.match(stroke('c'), bindings, false, 600)?.keys).toBe('c');
  });

  test('too late, the second stands alone', () => {
    const keyboard = new Keyboard();
    keyboard.match(stroke('g'), bindings, false, 0);
    expect(keyboard.match(stroke('c'), bindings, false, 5000)?.keys).toBe('c');
    keyboard.match(stroke('g'), bindings, false, 6000);
    expect(keyboard.match(stroke('h'), bindings, false, 9000)).toBeNull();
  });

  test('while typing only what is for always', () => {
    expect(new Keyboard().match(stroke('/'), bindings, true, 0)).toBeNull();
    expect(new Keyboard().match(stroke('k', { ctrlKey: true }), bindings, true, 0)?.keys).toBe('mod+k');
  });

  test('single keys can be switched off', () => {
    expect(new Keyboard().match(stroke('/'), bindings, false, 0, false)).toBeNull();
    expect(new Keyboard().match(stroke('Escape'), bindings, false, 0, false)?.keys).toBe('escape');
  });

  test('the binding that was added last wins', () => {
    const later = binding('/');
    expect(new Keyboard().match(stroke('/'), [...bindings, later], false, 0)).toBe(later);
  });
});

test('elements that accept text', () => {
  expect(isTyping({ tagName: 'INPUT', type: 'search' })).toBe(true);
  expect(isTyping({ tagName: 'INPUT', type: 'checkbox' })).toBe(false);
  expect(isTyping({ tagName: 'DIV', isContentEditable: true })).toBe(true);
  expect(isTyping({ tagName: 'BUTTON' })).toBe(false);
  expect(isTyping(null)).toBe(false);
});

test('keys as they are shown', () => {
  expect(shown('mod+k', true)).toEqual(['⌘', 'K']);
  expect(shown('mod+enter', false)).toEqual(['Ctrl', 'Enter']);
  expect(shown('g c', false)).toEqual(['g', 'c']);
  expect(strokeName(stroke('Enter', { ctrlKey: true }))).toBe('mod+enter');
});
