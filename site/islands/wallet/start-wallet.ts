// A form that a wallet fills in: a button for each wallet, the message from the server, the wallet's signature, and off it
// goes as any form does.
import { describeFailure, fillIn, postJson, say } from "../ways-in/form-parts.ts";
import { findWallets, type Provider, type Wallet } from "./find-wallets.ts";

/** Long enough for wallets to announce themselves, before the page says that there is none. */
const ANNOUNCEMENT_MS = 500;

/** @param form carries `data-wallet`: what for, and `data-verb`: what its buttons say they do */
export function startWalletForm(form: HTMLFormElement): void {
  const choices = form.querySelector("[data-choices]");
  if (choices === null) return;
  say(form, "Looking for wallets in this browser …");
  findWallets((wallet) => {
    say(form, "");
    choices.append(makeButton(form, wallet));
  });
  setTimeout(() => {
    if (choices.childElementCount === 0) say(form, "There is no Ethereum wallet in this browser.");
  }, ANNOUNCEMENT_MS);
}

function makeButton(form: HTMLFormElement, wallet: Wallet): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "main";
  button.textContent = `${form.dataset.verb ?? "Use"} ${wallet.name}`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    say(form, `Confirm in ${wallet.name} …`);
    try {
      await sign(form, wallet.provider);
      say(form, "Signed. One moment …");
      form.submit();
    } catch (error) {
      say(form, describeFailure(error, `${wallet.name} didn't sign.`));
      button.disabled = false;
    }
  });
  return button;
}

async function sign(form: HTMLFormElement, provider: Provider): Promise<void> {
  const accounts = await provider.request({ method: "eth_requestAccounts" });
  const address: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof address !== "string") throw new Error("The wallet offered no account.");
  const chainId = Number(await provider.request({ method: "eth_chainId" }));
  const purpose = form.dataset.wallet;
  const answer = await postJson(form, "/login/wallet/message", { purpose, address, chainId });
  if (typeof answer.message !== "string") throw new Error("The server gave no message to sign.");
  const { message } = answer;
  const bytes = new TextEncoder().encode(message);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const signature = await provider.request({ method: "personal_sign", params: [`0x${hex}`, address] });
  if (typeof signature !== "string") throw new Error("The wallet gave no signature.");
  fillIn(form, { message, signature });
}
