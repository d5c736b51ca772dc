/** How deep the line below another one begins, in a stackfile that is being typed. */

const STEP = 2;
const LINE = /^(?<lead>\s*(?:- +)*)(?<rest>.*)$/;
/** A key without a value, or one whose value is a block of text; a comment may follow. */
const OPENS = /^(?:"[^"]*"|'[^']*'|[^\s#"'][^#"']*?):(?:\s+[|>][+-]?\d*)?\s*(?:\s#.*)?$/;

/**
 * The column, or null where the line gives none. What belongs to a key is deeper than the key itself: the settings of
 * `- web:` begin below its name, and two columns on.
 */
export function indentBelow(line: string): number | null {
  const { lead = '', rest = '' } = LINE.exec(line)!.groups!;
  if (!rest || rest.startsWith('#')) return null;
  if (OPENS.test(rest)) return lead.length + STEP;
  // A value in a list has its siblings below its dash; a setting, below itself.
  const isSetting = /^[^\s"'[{][^"']*?:\s/.test(rest);
  return isSetting ? lead.length : lead.replace(/- +$/, '').length;
}
