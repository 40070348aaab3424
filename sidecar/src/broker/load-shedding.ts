import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { refuse } from './refuse';

/** From where on requests are refused instead of answered late. */
export interface LoadBounds {
  /** Mean delay of the event loop between two looks, in milliseconds. */
  readonly eventLoopDelay: number;
  /** Bytes of JavaScript objects. */
  readonly heapBytes: number;
  /** Milliseconds between two looks. */
  readonly lookEvery: number;
}

/** Node ends the process when the heap is full, and nobody is answered then. */
const HEAP_SHARE = 0.9;

export const LOAD_BOUNDS: LoadBounds = {
  eventLoopDelay: 250,
  heapBytes: Math.floor(getHeapStatistics().heap_size_limit * HEAP_SHARE),
  lookEvery: 1000,
};

/** Clients that are sent away come back a moment later, when the next look has been taken. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Refuses requests, before anything is asked about them, while the process has more to do than it can. The admin listener
 * is another server and is never refused, so an overloaded broker is not restarted for being overloaded.
 */
export function shedLoad(app: FastifyInstance, bounds: Partial<LoadBounds> = {}): void {
  const { eventLoopDelay, heapBytes, lookEvery } = { ...LOAD_BOUNDS, ...bounds };
  void app.register(underPressure, {
    maxEventLoopDelay: eventLoopDelay,
    maxHeapUsedBytes: heapBytes,
    sampleInterval: lookEvery,
    pressureHandler: () => Promise.reject(refuse('Unavailable', 'the broker is overloaded; try again', { retryAfterSeconds: RETRY_AFTER_SECONDS })),
  });
}
