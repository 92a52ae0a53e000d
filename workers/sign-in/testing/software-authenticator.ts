// An authenticator made of software, for tests: it makes and uses passkeys as a browser with one would, and lies on demand.
// After https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
import { randomBase62 } from "../../../schema/token.ts";

const [USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED] = [0x01, 0x04, 0x08, 0x10, 0x40];

/** What a passkey is asked, and what it may lie about. */
interface Asked {
  challenge: string;
  origin?: string;
  rpId?: string;
  isVerified?: boolean;
  isBackedUp?: boolean;
  type?: string;
}

const encode = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64url");

export class SoftwarePasskey {
  readonly id = encode(randomBase62(24));
  /** What it says how often it has signed; 0 for one that doesn't count. */
  counter = 0;
  readonly isBackupEligible: boolean;
  readonly #keys: CryptoKeyPair;
  #userHandle = "";

  private constructor(keys: CryptoKeyPair, isBackupEligible: boolean) {
    this.#keys = keys;
    this.isBackupEligible = isBackupEligible;
  }

  static async create(isBackupEligible = true): Promise<SoftwarePasskey> {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ]);
    if (!("privateKey" in keys)) throw new Error("one key instead of two");
    return new SoftwarePasskey(keys, isBackupEligible);
  }

  /** The answer to a request to make it, as JSON. @param userHandle base64url */
  async register(asked: Asked, userHandle: string): Promise<string> {
    this.#userHandle = userHandle;
    const id = Buffer.from(this.id, "base64url");
    const attested = [...new Uint8Array(16), 0, id.length, ...id, ...(await this.#writePublicKey())];
    const authData = Uint8Array.from([...(await this.#writeHead(asked, ATTESTED)), ...attested]);
    // CBOR: {"fmt": "none", "attStmt": {}, "authData": bytes}
    const attestationObject = Buffer.concat([
      Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"),
      Uint8Array.of(0x58 + (authData.length > 255 ? 1 : 0)),
      Uint8Array.from(
        authData.length > 255 ? [authData.length >> 8, authData.length & 255] : [authData.length],
      ),
      authData,
    ]);
    const clientDataJSON = writeClientData(asked, "webauthn.create");
    return this.#answer({
      clientDataJSON,
      attestationObject: encode(attestationObject),
      transports: ["internal"],
    });
  }

  /** The answer to a request to sign in, as JSON. */
  async signIn(asked: Asked, { userHandle = this.#userHandle } = {}): Promise<string> {
    const authData = Uint8Array.from(await this.#writeHead(asked, 0));
    const clientDataJSON = writeClientData(asked, "webauthn.get");
    const hash = await crypto.subtle.digest("SHA-256", Buffer.from(clientDataJSON, "base64url"));
    const signed = Buffer.concat([authData, new Uint8Array(hash)]);
    const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#keys.privateKey, signed);
    const signature = encode(toDer(new Uint8Array(raw)));
    return this.#answer({ clientDataJSON, authenticatorData: encode(authData), signature, userHandle });
  }

  #answer(response: object): string {
    const { id } = this;
    return JSON.stringify({ id, rawId: id, type: "public-key", clientExtensionResults: {}, response });
  }

  async #writeHead(asked: Asked, flags: number): Promise<number[]> {
    const rpIdHash = await crypto.subtle.digest("SHA-256", Buffer.from(asked.rpId ?? "plue.test"));
    const verified = asked.isVerified === false ? 0 : USER_VERIFIED;
    const backup =
      (this.isBackupEligible ? BACKUP_ELIGIBLE : 0) | (asked.isBackedUp === true ? BACKED_UP : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return [...new Uint8Array(rpIdHash), USER_PRESENT | verified | backup | flags, ...counter];
  }

  // COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
  async #writePublicKey(): Promise<number[]> {
    const exported = await crypto.subtle.exportKey("raw", this.#keys.publicKey);
    if (!(exported instanceof ArrayBuffer)) throw new Error("no bytes");
    const point = new Uint8Array(exported);
    return [
      ...Buffer.from("a5010203262001215820", "hex"),
      ...point.subarray(1, 33),
      ...Buffer.from("225820", "hex"),
      ...point.subarray(33),
    ];
  }
}

function writeClientData(asked: Asked, type: string): string {
  const { challenge, origin = "http://plue.test" } = asked;
  return encode(JSON.stringify({ type: asked.type ?? type, challenge, origin, crossOrigin: false }));
}

/** r and s, 32 bytes each, as a DER sequence of two integers. */
function toDer(raw: Uint8Array): Uint8Array {
  const integers = [raw.subarray(0, 32), raw.subarray(32)].flatMap((half) => {
    const start = half.findIndex((byte) => byte !== 0);
    const digits = half.subarray(start);
    const padded = (digits[0] ?? 0) >= 0x80 ? [0, ...digits] : [...digits];
    return [0x02, padded.length, ...padded];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}
