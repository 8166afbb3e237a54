import { TabtrainError, toTabtrainError, type ErrorCode } from '../errors';
import type { HookCall, HookReply, RunEvent } from '../host/protocol';

/** A failure as it crosses a thread. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}

export type ToHost =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: unknown[];
    }
  | {
      readonly type: 'hookDone';
      readonly id: number;
      readonly reply?: HookReply | void;
      readonly error?: WireError;
    };

export type ToClient =
  | { readonly type: 'ready'; readonly lock: string | null }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: WireError }
  | { readonly type: 'event'; readonly run: number; readonly event: RunEvent }
  | { readonly type: 'hook'; readonly id: number; readonly run: number; readonly call: HookCall };

export function toWire(error: unknown): WireError {
  const { code, message } = toTabtrainError(error);
  return { code, message };
}

export function fromWire({ code, message }: WireError): TabtrainError {
  return new TabtrainError(code, message);
}
