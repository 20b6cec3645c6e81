/* The other choices in the frame of every page: the language, and whether texts may be published. Without script they
   are links and forms; here they keep what was typed. */
(() => {
  document.addEventListener("click", (event) => {
    const language = event.target.closest("#language a");
    if (!language) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const path = new URL(document.querySelector("#header .title").href).pathname;
    document.cookie = `lang=${language.lang}; path=${path}; max-age=31536000; SameSite=Lax${secure}`;
    const here = new URL(location);
    here.searchParams.delete("lang"); /* the address would win over the cookie */
    if (here.href === location.href) location.reload();
    else location.replace(here);
  });

  /* On a phone the navigation may be wider than the window: the present page's name is in it. */
  const showCurrent = () => {
    const nav = document.querySelector("#header nav");
    const current = nav?.querySelector("[aria-current]");
    if (current) nav.scrollLeft = current.offsetLeft + current.offsetWidth / 2 - nav.offsetLeft - nav.clientWidth / 2;
  };
  addEventListener("DOMContentLoaded", showCurrent);

  document.addEventListener("submit", async (event) => {
    const line = event.target.closest("#consent");
    if (!line) return;
    event.preventDefault();
    const choice = event.submitter.value;
    const failed = line.querySelector(".failed");
    failed.hidden = true;
    try {
      const body = new URLSearchParams({ consent: choice });
      const answer = await fetch(event.target.action, { method: "POST", body, headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
    } catch {
      failed.hidden = false;
      return;
    }
    if (choice === "hidden") {
      document.querySelector("#header .title").focus({ preventScroll: true });
      line.remove();
    } else {
      line.dataset.consent = choice;
      [...line.querySelectorAll("button")].find((button) => button.checkVisibility())?.focus();
    }
  });
})();
