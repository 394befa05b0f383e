/** After signing out: the card goes from the phone. */

import { forgetAll } from "../holder/store.js";

if (document.querySelector('[data-signed-out="holder"]')) forgetAll().catch(() => {});
