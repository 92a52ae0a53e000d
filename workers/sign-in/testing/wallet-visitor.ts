// Somebody with a browser and a key of Ethereum, for tests.
import { TestBrowser } from "./browser.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";

export class WalletVisitor extends TestBrowser {
  readonly key: SigningKey;

  constructor(key: SigningKey = createSigningKey(), headers: Record<string, string> = {}) {
    super(headers);
    this.key = key;
  }

  /** A message for this wallet to sign. */
  async ask(purpose: "sign-in" | "confirm" | "add" = "sign-in", chainId = 1): Promise<string> {
    const body = { purpose, address: this.key.address, chainId };
    const answer = await this.postJson("/login/wallet/message", body);
    if (answer.status !== 200) throw new Error(`no message: ${answer.status} ${await answer.text()}`);
    const { message } = await answer.json<{ message: string }>();
    return message;
  }

  /** Presents a message with a signature, this key's unless another is given. */
  present(
    message: string,
    signature = this.key.signMessage(message),
    purpose = "sign-in",
  ): Promise<Response> {
    return this.post("/login/wallet", { message, signature, purpose, return_to: "/settings/sessions" });
  }

  async signIn(): Promise<Response> {
    return this.present(await this.ask());
  }

  /** Makes an account for the wallet. */
  async register(username: string): Promise<Response> {
    const page = await (await this.signIn()).text();
    return this.post("/register/wallet", { ticket: readTicket(page), username });
  }
}

/** The ticket in the form that names a new account. */
export const readTicket = (page: string): string => /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? "";
