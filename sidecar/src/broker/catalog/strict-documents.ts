import { Composer, Document, isScalar, LineCounter, Node, Parser, visit } from 'yaml';
import { InputError } from '../../server/files/input-error';

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
  const composer = new Composer({ uniqueKeys: false, strict: true, prettyErrors: false, lineCounter: lines, logLevel: 'silent' });
  const values: ParsedDocument[] = [];
  let count = 0;
  // One after another: the syntax tree of a document is many times as big as its value.
  for (const document of composer.compose(new Parser(lines.addNewLine).parse(text))) {
    count += 1;
    if (count > maxDocuments) throw new InputError(`${file}: has more than ${maxDocuments} documents, which is as many as are read`);
    const place = `${file}, document ${count}`;
    const [problem = keyProblem(document)] = [...document.errors, ...document.warnings];
    if (problem !== undefined) {
      throw new InputError(`${place}: is not strict YAML or JSON: ${problem.code} on line ${lines.linePos(problem.pos[0]).line}`);
    }
    const value = plainValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }), place);
    if (value !== null) values.push({ file, place, value });
  }
  return values;
}

interface KeyProblem {
  readonly code: 'KEY_NOT_SCALAR' | 'DUPLICATE_KEY';
  readonly pos: readonly [number];
}

/**
 * The first key that is no text or number, or that is there twice as the text it becomes. The parser's own look takes 1 and "1"
 * for two, and compares each key with all before it: a file of allowed size would keep it busy for an hour.
 */
function keyProblem(document: Document.Parsed): KeyProblem | undefined {
  let found: KeyProblem | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        const text = isScalar(key) ? String(key.value ?? '') : undefined;
        if (text === undefined || seen.has(text)) {
          found = { code: text === undefined ? 'KEY_NOT_SCALAR' : 'DUPLICATE_KEY', pos: [(key as Node).range![0]] };
          return visit.BREAK;
        }
        seen.add(text);
      }
      return undefined;
    },
  });
  return found;
}

function plainValue(read: () => unknown, place: string): unknown {
  try {
    return read();
  } catch {
    throw new InputError(`${place}: has aliases that are unknown or too many`);
  }
}
