/** Lets what was begun get to the kernel, and then nothing of this process run for so many milliseconds. */
export async function standStill(milliseconds: number): Promise<void> {
  await new Promise(process.nextTick);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
