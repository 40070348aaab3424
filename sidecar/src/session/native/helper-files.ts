import { openSync } from 'node:fs';
import { errorName } from './errno';
import type { HelperConnection } from './helper-connection';
import { emptyFrame, MAX_FRAME, openFrame, REPLY, Reply, REQUEST } from './protocol';
import type { Directory } from '../directory';
import { errnoError } from '../errno-error';
import type { Resolver } from '../resolver';
import { openWithoutLinks } from '../walk';

/** To ask the helper costs as much as to open so many folders one after the other. */
const FEW_NAMES = 4;

/** Finds files by `openat2` in the helper, where the kernel keeps the path beneath the root by itself. Short paths without links need no help. */
export class HelperFiles implements Resolver {
  readonly means = 'openat2';

  constructor(private readonly connection: HelperConnection, private readonly pid: number, private readonly root: Directory) {}

  async open(components: readonly string[], flags: number): Promise<number> {
    const isShort = components.length > 0 && components.length <= FEW_NAMES;
    return (isShort ? openWithoutLinks(this.root, components, flags) : undefined) ?? this.ask(components, flags);
  }

  private ask(components: readonly string[], flags: number): Promise<number> {
    const path = components.length === 0 ? '.' : components.join('/');
    // The kernel refuses such a path by the same name, and it would not fit into a frame.
    if (Buffer.byteLength(path) > MAX_FRAME / 2) return Promise.reject(errnoError('ENAMETOOLONG', path));
    return new Promise((resolve, reject) => {
      const { files } = this.connection;
      const reply = ({ type, payload }: Reply): void => {
        try {
          if (type === REPLY.NOT_OPENED) throw errnoError(errorName(payload.readUInt32LE(0)), path);
          // Leads to that very file, whatever its name is by now.
          resolve(openSync(`/proc/${this.pid}/fd/${payload.readUInt32LE(0)}`, flags));
        } catch (error) {
          reject(error);
        }
        if (type === REPLY.OPENED) this.connection.send(emptyFrame(REQUEST.RELEASE, id!));
        files.release(id!);
      };
      const id = this.connection.gone === undefined ? files.take({ reply, gone: reject }) : undefined;
      if (id === undefined) reject(this.connection.gone ?? errnoError('EAGAIN', path));
      else this.connection.send(openFrame(id, this.root.fd, path));
    });
  }
}

