/** Why a text is refused. It never quotes the text, unlike the errors of JSON.parse. */
export class JsonRefusal extends Error {
  readonly code = 'BODY_NOT_JSON';

  constructor(message: string, readonly statusCode = 400) {
    super(message);
    this.name = 'JsonRefusal';
  }
}

const DEEPEST = 64;

/**
 * JSON in which every reader sees the same: a key that occurs twice is refused, because parsers
 * differ in which one they take, and so are keys that reach for prototypes and very deep nesting.
 * https://www.rfc-editor.org/rfc/rfc8259#section-4
 */
export function parseStrictJson(text: string): unknown {
  const value = parse(text);
  if (typeof value === 'object' && value !== null) refuseAmbiguous(text);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonRefusal('the body is not JSON');
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over a text that is known to be JSON, so only quotes, brackets and commas matter. */
function refuseAmbiguous(text: string): void {
  // The keys of each object that is open; undefined for a list.
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (isKey) addKey(open[open.length - 1]!, text.slice(at, end + 1));
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_LIST:
        isKey = text.charCodeAt(at) === OPEN_OBJECT;
        if (open.push(isKey ? new Set() : undefined) > DEEPEST) throw new JsonRefusal(`the body is nested deeper than ${DEEPEST} levels`);
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        isKey = false;
        break;
      case COMMA:
        isKey = open[open.length - 1] !== undefined;
        break;
      case COLON:
        isKey = false;
        break;
    }
  }
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (quote - before) % 2 === 0;
}

const POISON = new Set(['__proto__', 'constructor', 'prototype']);

function addKey(keys: Set<string>, quoted: string): void {
  const key = quoted.includes('\\') ? JSON.parse(quoted) as string : quoted.slice(1, -1);
  if (POISON.has(key)) throw new JsonRefusal('the body names a prototype');
  if (keys.has(key)) throw new JsonRefusal('the body has a key twice');
  keys.add(key);
}
