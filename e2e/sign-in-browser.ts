// Browsers of people who sign in: with a wallet that announces itself and signs with a real key, with a virtual
// authenticator, or with nothing.
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";

/** A key behind a wallet. */
interface Signer {
  address: string;
  signMessage(text: string): string;
}

/** Puts wallets into every page of a context. They announce themselves as EIP-6963 says; what they sign is signed here. */
async function injectWallets(context: BrowserContext, wallets: Record<string, Signer>): Promise<void> {
  await context.exposeFunction("plueTestSign", (name: string, hex: string) => {
    const signer = wallets[name];
    if (signer === undefined) throw new Error(`there is no wallet ${name}`);
    return signer.signMessage(Buffer.from(hex.slice(2), "hex").toString());
  });
  const known = Object.entries(wallets).map(([name, { address }]) => ({ name, address }));
  await context.addInitScript(`{
    const announce = ({ name, address }) => {
      const provider = {
        async request({ method, params }) {
          if (method === "eth_requestAccounts") return [address];
          if (method === "eth_chainId") return "0x1";
          if (method === "personal_sign" && params[1] === address) return plueTestSign(name, params[0]);
          throw Object.assign(new Error("refused " + method), { code: 4001 });
        },
      };
      const detail = Object.freeze({ info: { uuid: name, name, icon: "data:,", rdns: "test." + name }, provider });
      dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    };
    for (const wallet of ${JSON.stringify(known)}) {
      addEventListener("eip6963:requestProvider", () => announce(wallet));
    }
  }`);
}

interface VirtualAuthenticator {
  /** The credentials it holds. */
  list(): Promise<{ credentialId: string; signCount: number; isResidentCredential: boolean }[]>;
  /** Sets how often a credential claims to have signed. */
  setSignCount(credentialId: string, signCount: number): Promise<void>;
  /** Whether its user passes its own check, as by a finger. */
  setUserVerified(isUserVerified: boolean): Promise<void>;
}

/** Gives a page's browser a platform authenticator that keeps passkeys. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const find = async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return {
    list: find,
    async setSignCount(credentialId, signCount) {
      const credential = (await find()).find((one) => one.credentialId === credentialId);
      if (credential === undefined) throw new Error("there is no such credential");
      await session.send("WebAuthn.removeCredential", { authenticatorId, credentialId });
      await session.send("WebAuthn.addCredential", {
        authenticatorId,
        credential: { ...credential, signCount },
      });
    },
    async setUserVerified(isUserVerified) {
      await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
  };
}

/** A browser of its own, with nothing in it. */
export async function openPage(
  browser: Browser,
  wallets: Record<string, Signer> = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  if (Object.keys(wallets).length > 0) await injectWallets(context, wallets);
  return { context, page: await context.newPage() };
}
