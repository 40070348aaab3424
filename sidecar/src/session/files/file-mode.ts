import { DEFAULT_FILE_MODE, FILE_MODE_PATTERN, MAX_FILE_MODE } from '../../../../src/protocol/session-work';

const MODE = new RegExp(FILE_MODE_PATTERN);

/** Permissions of a new file. As for PicoD, what is none, or more than permissions, is the usual. */
export function fileMode(text: string | null | undefined): number {
  const mode = MODE.test(text ?? '') ? parseInt(text!, 8) : DEFAULT_FILE_MODE;
  return mode > MAX_FILE_MODE ? DEFAULT_FILE_MODE : mode;
}
