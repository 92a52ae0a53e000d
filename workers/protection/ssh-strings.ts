// The strings and numbers that SSH's formats are made of (RFC 4251, section 5). Reading past the end throws GitError.
import { GitError } from "../git/object/git-error.ts";

export class SshReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  readBytes(count: number): Buffer {
    if (count > this.bytes.length - this.at) throw new GitError("bad_object", "an SSH value is cut short");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  readNumber(): number {
    return this.readBytes(4).readUInt32BE();
  }

  readString(): Buffer {
    return this.readBytes(this.readNumber());
  }
}

export function writeSshStrings(...strings: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    strings.flatMap((string) => {
      const bytes = Buffer.from(string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
