// Errors of the firmware build.

export type FirmwareErrorCode =
  | 'FIRMWARE_NO_CLANG'
  | 'FIRMWARE_NO_LLD'
  | 'FIRMWARE_NO_AR'
  | 'FIRMWARE_BUILD_FAILED'
  | 'FIRMWARE_BAD_ELF'
  | 'FIRMWARE_NO_PORT';

/** What can go wrong while the images are built; `message` says what, where and what to try. */
export class FirmwareError extends Error {
  constructor(
    readonly code: FirmwareErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'FirmwareError';
  }
}
