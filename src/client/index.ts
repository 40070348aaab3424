/** Sessions from a program, in Node and in browsers. It imports nothing but what this package says about its own wire. */
export { SessionClient } from './session-client';
export type { CreateSessionOptions, SessionClientOptions } from './session-client';
export { Session } from './session';
export type { SessionInfo, SessionPlace } from './session';
export { SessionFiles } from './session-files';
export type { FileInfo, ListOptions, MoveOptions, RemoveOptions, WriteOptions, WrittenFile } from './session-files';
export { SessionError } from './session-error';
export type { CommandEnd, CommandEvent, CommandOptions, CommandResult } from './command';
export type { Cancellable } from './requests';
