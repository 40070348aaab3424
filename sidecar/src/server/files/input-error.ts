/** A file that cannot be used. The message names file, place and problem, never what the file holds: files hold secrets. */
export class InputError extends Error {}
