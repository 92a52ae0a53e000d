// The wallets in this browser, as they announce themselves. Nothing of theirs is trusted but to sign: names are shown as
// text. After https://eips.ethereum.org/EIPS/eip-6963

export interface Provider {
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

export interface Wallet {
  id: string;
  name: string;
  provider: Provider;
}

const NAME_CHARACTERS_MAX = 40;

/** Calls `found` for each wallet, once, now or later. */
export function findWallets(found: (wallet: Wallet) => void): void {
  const known = new Set<string>();
  addEventListener("eip6963:announceProvider", (event) => {
    const wallet = event instanceof CustomEvent ? readAnnouncement(event.detail) : undefined;
    if (wallet === undefined || known.has(wallet.id)) return;
    known.add(wallet.id);
    found(wallet);
  });
  dispatchEvent(new Event("eip6963:requestProvider"));
}

function readAnnouncement(detail: unknown): Wallet | undefined {
  if (!hasKeys(detail, "info", "provider") || !hasKeys(detail.info, "uuid", "name")) return undefined;
  const { uuid, name } = detail.info;
  if (typeof uuid !== "string" || typeof name !== "string" || !isProvider(detail.provider)) return undefined;
  return { id: uuid, name: name.trim().slice(0, NAME_CHARACTERS_MAX) || "Wallet", provider: detail.provider };
}

const isProvider = (value: unknown): value is Provider =>
  hasKeys(value, "request") && typeof value.request === "function";

function hasKeys<Key extends string>(value: unknown, ...keys: Key[]): value is Record<Key, unknown> {
  return typeof value === "object" && value !== null && keys.every((key) => key in value);
}
