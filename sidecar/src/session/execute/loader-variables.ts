/** Names, beside `LD_*`, by which a program loads code that it does not name itself. `sidecar/native/main.c` has the same. */
const NAMES: readonly string[] = [
  'GCONV_PATH', 'GLIBC_TUNABLES', 'NODE_OPTIONS', 'NODE_PATH', 'OPENSSL_CONF', 'OPENSSL_ENGINES', 'OPENSSL_MODULES',
];

/**
 * Whether a variable changes what the loader, OpenSSL or Node load into a program. Those of an image are for its own
 * programs; in the daemon they would run code of the image. What only shells read, as `BASH_ENV`, is none: the daemon
 * starts no shell. https://man7.org/linux/man-pages/man8/ld.so.8.html and https://nodejs.org/api/cli.html#environment-variables
 */
export function isLoaderVariable(name: string): boolean {
  return name.startsWith('LD_') || NAMES.includes(name);
}
