/** Why a change is made: recorded in the history, and shown in chat. */
export function ReasonField({
  value,
  onChange,
  submits = false,
}: {
  value: string;
  onChange: (reason: string) => void;
  /** Enter submits the form; Shift Enter begins a line. */
  submits?: boolean;
}) {
  return (
    <div class="field">
      <label htmlFor="reason">Reason</label>
      <textarea
        id="reason"
        class="input"
        rows={2}
        value={value}
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this
        autoFocus
        placeholder="Shown in history and chat, e.g. “Fix VAT rounding”"
        onKeyDown={(e) => {
          if (!submits || e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
          e.preventDefault();
          e.currentTarget.form?.requestSubmit();
        }}
        onInput={(e) => onChange(e.currentTarget.value)}
      />
    </div>
  );
}
