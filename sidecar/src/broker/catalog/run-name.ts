/** A run as a request names it; it need not exist. A session goes by its id. */
export interface RunName {
  readonly namespace: string;
  readonly name: string;
  /**
   * UID that it must have.
   * @default - any run of that name
   */
  readonly uid?: string;
}
