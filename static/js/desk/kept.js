/** A form of the desk that a sign-in interrupted: what was typed waits in this tab alone, for the same person. */

const KEY = "desk:form";

/** Keep a form's fields for the person with this account. @param {HTMLFormElement} form @param {string} account */
export function keep(form, account) {
  const typed = [...new FormData(form)].filter(([name]) => !["csrf_token", "once", "more"].includes(name));
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ account, typed }));
  } catch {
    // A browser that keeps nothing: it has to be typed again.
  }
}

/** What was kept, once: a list of [name, value], empty where it is another's or nothing. @param {string} account */
export function take(account) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    forget();
    return kept?.account === account ? kept.typed : [];
  } catch {
    return [];
  }
}

/** It was sent, or its person signed out. */
export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
