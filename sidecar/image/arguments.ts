import { ImagePlatform, platformOf } from './platforms';

/** What is asked of a build. */
export interface BuildArguments {
  readonly platforms: readonly ImagePlatform[];
  /** Write the file system of the image as a folder too, for the Dockerfile. */
  readonly rootfs: boolean;
  /** The one time in the image, in seconds since 1970. */
  readonly seconds: number;
}

/**
 * Reads the command line and `SOURCE_DATE_EPOCH` of https://reproducible-builds.org.
 *
 * @param here Architecture of this machine, as Node calls it; built for unless others are named.
 */
export function buildArguments(args: readonly string[], epoch: string | undefined, here: string): BuildArguments {
  const names: string[] = [];
  let rootfs = false;
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--rootfs') rootfs = true;
    else if (args[at] === '--arch' && args[at + 1] !== undefined) names.push(args[++at]);
    else throw new Error(`unknown argument '${args[at]}', allowed are --arch NAME (may be repeated) and --rootfs`);
  }
  const platforms = (names.length === 0 ? [here] : names).map(platformOf);
  if (rootfs && platforms.length > 1) throw new Error('--rootfs writes one folder, so it takes one --arch');
  return { platforms, rootfs, seconds: sourceDate(epoch) };
}

/** Zero when unset: an image without a date is the same whenever it is built. */
function sourceDate(epoch: string | undefined): number {
  if (epoch === undefined || epoch === '') return 0;
  if (!/^\d{1,10}$/.test(epoch)) throw new Error(`SOURCE_DATE_EPOCH must be whole seconds since 1970 in at most 10 digits, got '${epoch}'`);
  return Number(epoch);
}
