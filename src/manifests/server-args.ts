import { SEMI_SPACE_MEBIBYTES } from '../protocol/limits';

/** Arguments of the image, whose program is Node, for one of the servers in it. */
export function serverArgs(entryPoint: string): string[] {
  return [`--max-semi-space-size=${SEMI_SPACE_MEBIBYTES}`, entryPoint];
}
