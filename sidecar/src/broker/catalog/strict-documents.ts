import { LineCounter, parseAllDocuments } from 'yaml';
import { InputError } from './input-error';

/** One document of a file. `place` names it in messages. */
export interface ParsedDocument {
  readonly file: string;
  readonly place: string;
  readonly value: unknown;
}

/** Aliases that one document may follow; YAML can grow exponentially without a bound. */
const MAX_ALIASES = 100;

/**
 * The documents of a YAML or JSON text, empty ones left out. JSON is read by the YAML parser too, which
 * refuses a key that is there twice where `JSON.parse` takes the last one without a word.
 */
export function strictDocuments(text: string, file: string, maxDocuments: number): ParsedDocument[] {
  const lines = new LineCounter();
  // Pretty errors quote the text around the mistake, which may be a secret.
  const documents = parseAllDocuments(text, { uniqueKeys: true, strict: true, prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  if (documents.length > maxDocuments) throw new InputError(`${file}: has ${documents.length} documents, at most ${maxDocuments} are read`);
  return documents.flatMap((document, index) => {
    const place = `${file}, document ${index + 1}`;
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) {
      throw new InputError(`${place}: is not strict YAML or JSON: ${problem.code} on line ${lines.linePos(problem.pos[0]).line}`);
    }
    const value = plainValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }), place);
    return value === null ? [] : [{ file, place, value }];
  });
}

function plainValue(read: () => unknown, place: string): unknown {
  try {
    return read();
  } catch {
    throw new InputError(`${place}: has aliases that are unknown or too many`);
  }
}
