import { TabtrainError } from '../errors';
import { Tensor } from '../data/tensor';

/**
 * An IDX file of unsigned bytes: `0 0 8 rank`, one big-endian uint32 per axis, then the elements.
 * Shares the memory of `bytes`. Source: yann.lecun.com/exdb/mnist.
 *
 * @throws TabtrainError `CORRUPT_FILE` unless the sizes fit the file exactly.
 */
export function parseIdx(bytes: Uint8Array, name: string): Tensor<Uint8Array> {
  const corrupt = (reason: string): never => {
    throw new TabtrainError('CORRUPT_FILE', `'${name}' is not an IDX file of bytes: ${reason}`);
  };
  if (bytes.length < 4) corrupt(`it has ${bytes.length} bytes`);
  const [zero0, zero1, type, rank = 0] = bytes;
  if (zero0 !== 0 || zero1 !== 0 || type !== 8 || rank === 0) corrupt('its header is another one');
  const start = 4 + 4 * rank;
  if (bytes.length < start) corrupt('it ends in its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, n) => product * n, 1);
  if (size !== bytes.length - start) {
    corrupt(`shape [${shape.join(', ')}] needs ${size} bytes, ${bytes.length - start} are there`);
  }
  return new Tensor(bytes.subarray(start), shape, 'uint8');
}
