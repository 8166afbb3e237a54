import { afterEach, beforeEach, jest } from '@jest/globals';

/** What each test of the file writes to stdout, from its beginning; nothing of it is shown. */
export function captureStdout(): { text: string } {
  const captured = { text: '' };
  beforeEach(() => {
    captured.text = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      captured.text += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  return captured;
}
