// The script of the pages that offer wallets and passkeys side by side.
import "./passkey.ts";
import "./wallet.ts";
