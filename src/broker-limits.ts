/**
 * How often one caller may ask for one run or session: the average, of which twice as much is
 * taken at once. What is beyond gets status 429. Whole numbers from 1 to 10000.
 */
export interface BrokerLimits {
  /**
   * Credentials issued, in requests per second; as many may be renewed, and as many egress tokens issued.
   *
   * @default 5
   */
  readonly issuePerSecond?: number;

  /**
   * Questions whether a connection may leave, in requests per second.
   *
   * @default 100
   */
  readonly validateEgressPerSecond?: number;

  /**
   * Bearers exchanged for credentials, in requests per second.
   *
   * @default 50
   */
  readonly substituteAuthPerSecond?: number;
}
