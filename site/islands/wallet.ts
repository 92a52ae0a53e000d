// The script of pages with a wallet's form.
import { startWalletForm } from "./wallet/start-wallet.ts";

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-wallet]")) startWalletForm(form);
