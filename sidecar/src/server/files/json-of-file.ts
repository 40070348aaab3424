import { InputError } from './input-error';
import { parseStrictJson } from '../text/strict-json';

/** What a file holds, as `parseStrictJson` takes it. The refusal names the file and quotes nothing: its text may be secret. */
export function jsonOfFile(file: string, text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    throw new InputError(`${file}: is not JSON in which every key is there once`);
  }
}
