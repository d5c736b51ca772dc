interface Props<T extends string> {
  label: string;
  value: string;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

/** A choice of one of a few, all in sight. */
export function Segments<T extends string>({ label, value, choices, onChange }: Props<T>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map(([key, word]) => (
        <button key={key} type="button" aria-pressed={value === key} onClick={() => onChange(key)}>
          {word}
        </button>
      ))}
    </div>
  );
}
