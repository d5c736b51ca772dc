/** Our own icons, on a grid of 16, drawn with the colour of the text. They are decoration beside words. */

const PATHS = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  alert: 'M8 2.2l6.2 11H1.8L8 2.2zM8 6.5v3M8 11.4v.1',
  circle: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z',
  'circle-check': 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.3 8.2l1.9 1.9 3.6-4',
  'circle-cross': 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6 6l4 4M10 6l-4 4',
  progress: 'M8 2a6 6 0 1 1-6 6',
  drift: 'M2 5h9l-2.5-2.5M14 11H5l2.5 2.5',
  question: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.3 6.4a1.8 1.8 0 1 1 2.5 1.7c-.5.2-.8.5-.8 1M8 11.2v.1',
  frozen: 'M8 1.5v13M2.4 4.8l11.2 6.4M13.6 4.8L2.4 11.2M6 2.5l2 2 2-2M6 13.5l2-2 2 2',
  undo: 'M5.5 3L2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6',
  hold: 'M8 1.8l5 1.9v3.8c0 3.2-2 5.6-5 6.7-3-1.1-5-3.5-5-6.7V3.7l5-1.9zM6 6l4 4M10 6l-4 4',
  audit: 'M4 1.8h8v12.4H4V1.8zM6.3 5h3.4M6.3 7.7h3.4M6.3 10.4h2',
  restart: 'M13 3v3.5H9.5M3 13V9.5h3.5M12.6 6.5A5 5 0 0 0 3.7 5.4M3.4 9.5a5 5 0 0 0 8.9 1.1',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.4 10.4L14 14',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  edit: 'M10.8 2.8l2.4 2.4L5.5 13H3v-2.5l7.8-7.7z',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.8-4.1L2.5 5.5M2.5 2.5v3h3M8 5v3l2 1.5',
  rocket: 'M8 11L5 8c.6-3 3-5.5 7-6 .3 4-2 6.8-5 8zM5 8L2.5 8.5M8 11l-.5 2.5M3 11.5L2.5 13.5l2-.5',
  tag: 'M2.5 2.5h5l6 6-5 5-6-6v-5zM5.2 5.2h.01',
  scale: 'M2.5 13.5v-4M6.2 13.5v-6M9.8 13.5v-8M13.5 13.5v-11',
  trash: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9',
  plus: 'M8 3v10M3 8h10',
  right: 'M6 3.5L10.5 8 6 12.5',
  down: 'M3.5 6L8 10.5 12.5 6',
  up: 'M3.5 10L8 5.5l4.5 4.5',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.01M6.5 6.5h.01M9 6.5h.01M11.5 6.5h.01M4.5 9.5h7',
  layers: 'M8 2l6 3-6 3-6-3 6-3zM2 8l6 3 6-3M2 11l6 3 6-3',
  box: 'M2.5 5L8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6',
  file: 'M4 1.8h5l3 3v9.4H4V1.8zM9 1.8v3h3',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  square: 'M4 4h8v8H4z',
  'up-arrow': 'M8 13V3.5M4 7l4-4 4 4',
  waves: 'M2 6c2-2.5 4-2.5 6 0s4 2.5 6 0M2 11c2-2.5 4-2.5 6 0s4 2.5 6 0',
  logs: 'M2.5 4h11M2.5 8h7.5M2.5 12h9.5',
  external: 'M6.5 3H3v10h10V9.5M9 2.5h4.5V7M13 3L7.5 8.5',
  chat: 'M2.5 3h11v8H7l-3 2.7V11H2.5z',
  person: 'M8 2.8a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM2.8 14c.6-3 2.6-4.3 5.2-4.3s4.6 1.3 5.2 4.3',
  bell: 'M4.5 11V7a3.5 3.5 0 0 1 7 0v4l1 1.5h-9zM6.8 14h2.4',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.5v3.3M8 5.2v.1',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, spin = false }: { name: IconName; spin?: boolean }) {
  return (
    <svg
      class={spin ? 'icon spin' : 'icon'}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width={name === 'more' ? 2.4 : 1.5}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
