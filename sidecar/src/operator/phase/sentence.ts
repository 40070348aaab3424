import { cutText } from '../../server/text/cut-text';
import { oneLine } from '../../server/text/one-line';

/** Longest text of the kubelet, the scheduler or a container runtime that is repeated, in characters. */
export const MAX_QUOTED = 300;

/** Longest message of a verdict, in characters. */
export const MAX_MESSAGE = 1024;

/** The clauses that there are, as one message. */
export function sentence(...clauses: readonly (string | undefined)[]): string {
  return cutText(clauses.filter((clause) => clause !== undefined).join('; '), MAX_MESSAGE, '...');
}

/** Comes before what a run has waited for. No foreign text has it: the look after would take what follows for that. */
export const WAITED_MARK = 'it waited: ';

/** What somebody has done, with what they give as the reason. */
export function withReason(what: string, reason: string | undefined): string {
  return reason === undefined ? what : `${what}: ${unmarked(reason)}`;
}

/** What another program says, on one line; undefined when it says nothing. */
export function quoted(who: string, message: string | undefined): string | undefined {
  const line = unmarked(oneLine(message ?? ''));
  return line === '' ? undefined : `${who}: ${cutText(line, MAX_QUOTED, '...')}`;
}

function unmarked(text: string): string {
  return text.replaceAll(WAITED_MARK, 'it waited ');
}
