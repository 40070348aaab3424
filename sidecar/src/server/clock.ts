/** The time in milliseconds since 1970. Injected everywhere, so that tests say what time it is. */
export type Clock = () => number;
