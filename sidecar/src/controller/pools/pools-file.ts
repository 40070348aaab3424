import { dirname } from 'node:path';
import { Pools, poolsIn } from './pool-entries';
import { fileStamp, readText } from '../../server/files/read-file';
import { openReloaded, Reloaded } from '../../server/files/reloaded';

export interface PoolsFileOptions {
  readonly file: string;
  /** Told why a changed file is not used; the pools from before it stay. */
  readonly refused: (problem: string) => void;
  /** Told that there are other pools. */
  readonly changed?: () => void;
  readonly pollMilliseconds?: number;
}

/** 1000 pools with as many entry points as may be are far below. */
const MAX_BYTES = 1024 * 1024;

/** Pools from a file. Follows changes; a file with a mistake changes nothing. Rejects when there is none to begin with. */
export async function openPoolsFile({ file, refused, changed, pollMilliseconds }: PoolsFileOptions): Promise<Reloaded<Pools>> {
  return openReloaded<Pools>({
    stamp: () => fileStamp(file),
    folders: async () => [dirname(file)],
    load: async () => poolsIn(file, await readText(file, MAX_BYTES)),
    refused,
    changed,
  }, pollMilliseconds);
}
