// The wire form of protocol buffers, as files have it and as nobody should.
import { expect, test } from '@jest/globals';
import { fields, int, join, packed, varint } from '../../web/api/formats/proto';
import { expectFailure } from './support/errors';

const NUMBERS = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 52, -1, -300];

test('numbers come back, alone and packed', () => {
  for (const number of NUMBERS) {
    const [field] = fields(int(7, number), 'x');
    expect(field!.number).toBe(7);
    expect(Number(BigInt.asIntN(64, field!.value))).toBe(number);
  }
  expect(packed(join(NUMBERS.map(varint)), 'x')).toEqual(NUMBERS);
});

test('numbers without an end are refused', async () => {
  const endless = new Uint8Array(2_000_000).fill(255);
  for (const read of [() => packed(endless, 'x'), () => fields(endless, 'x')]) {
    await expectFailure(read, { code: 'CORRUPT_FILE', says: [/^x: /] });
  }
  for (const cut of [Uint8Array.of(128), join(varint(5), Uint8Array.of(200))]) {
    await expectFailure(() => packed(cut, 'x'), { code: 'CORRUPT_FILE', says: [/^x: /] });
  }
});
