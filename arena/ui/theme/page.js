/* What the pages do in the browser beside Gradio. Language, keys, the side switch of the phone, focus, screen readers: the state that matters is on the server. */
(() => {
  const byId = (id) => document.getElementById(id);
  const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));
  /* The buttons are disabled until Gradio listens (ui/pages/duel.py); Enter in the prompt is remembered until then. */
  let sendWhenListening = false;
  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.closest("#prompt");
    if (!sends || !byId("send")?.disabled) return;
    event.preventDefault();
    event.stopImmediatePropagation(); /* else it would be sent twice if Gradio has just started to listen */
    sendWhenListening = true;
  }, { capture: true });

  const KEYS = { ArrowLeft: "vote-a", a: "vote-a", t: "vote-tie", n: "vote-bad", ArrowRight: "vote-b", b: "vote-b" };

  document.addEventListener("keydown", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || event.isComposing);
    const button = plain && !typing(event.target) && byId(KEYS[event.key]);
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  });

  /* A phone shows one side at a time: body[data-side]. body[data-seen] lists the sides that were in view. */
  const show = (side) => {
    const body = document.body;
    const seen = (body.dataset.seen || "").replace(side, "") + side;
    if (body.dataset.side !== side) body.dataset.side = side;
    if (body.dataset.seen !== seen && (body.dataset.seen || "").length < 2) body.dataset.seen = seen;
    for (const one of ["a", "b"]) byId("side-" + one)?.setAttribute("aria-pressed", String(one === side));
  };
  const scrollTo = (side) => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    byId("pane-" + side)?.scrollIntoView({ behavior: still ? "instant" : "smooth", block: "nearest", inline: "start" });
  };
  document.addEventListener("scroll", (event) => {
    const duel = event.target;
    if (duel.id === "duel") show(duel.scrollLeft > duel.clientWidth / 2 ? "b" : "a");
  }, { capture: true, passive: true });

  document.addEventListener("click", (event) => {
    const language = event.target.closest("#language a");
    if (language) {
      event.preventDefault();
      const wish = new URL(language.href).searchParams.get("lang");
      document.cookie = "lang=" + wish + "; path=" + new URL(".", location).pathname + "; max-age=31536000; SameSite=Lax";
      location.reload();
    }
    const side = event.target.closest("#side-a, #side-b");
    if (side) scrollTo(side.id.slice(-1));
    if (event.target.closest("#asked")) document.body.classList.toggle("asked-open");
  });

  /* Gradio creates the elements late and replaces them; what it omits or removes (aria-*, links in the same tab) is restored here. */
  let hadDuel = false;
  let hadReveal = false;
  const settle = () => {
    for (const id of ["notice", "status", "vote-hint", "reveal", "connection"]) {
      const region = byId(id);
      if (region && !region.hasAttribute("aria-live")) region.setAttribute("aria-live", "polite");
    }
    for (const link of document.querySelectorAll('a[target="_blank"]:not(.pane *)')) {
      if (link.origin === location.origin) link.removeAttribute("target");
    }
    for (const link of document.querySelectorAll("#header nav a")) {
      if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    }
    for (const link of document.querySelectorAll("#language a")) {
      if (link.lang === document.documentElement.lang) link.setAttribute("aria-current", "true");
    }
    if (sendWhenListening && byId("send")?.disabled === false) {
      sendWhenListening = false;
      byId("send").click();
    }
    const duel = byId("duel") !== null;
    if (duel && !hadDuel) {
      document.body.dataset.seen = "";
      document.body.classList.remove("asked-open");
      show("a");
    }
    const revealed = byId("reveal") !== null;
    if (revealed && !hadReveal) {
      byId("next")?.focus({ preventScroll: true });
      if (byId("duel").getBoundingClientRect().top < 0) byId("asked").scrollIntoView({ block: "start", behavior: "instant" }); /* the names are at the top */
    }
    if (!duel && hadDuel) {
      toTop();
      if (matchMedia("(pointer: fine)").matches) byId("prompt")?.querySelector("textarea")?.focus();
    }
    hadDuel = duel;
    hadReveal = revealed;
  };
  const toTop = () => window.scrollTo({ top: 0, behavior: "instant" });
  let queued = false;
  new MutationObserver(() => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => {
      queued = false;
      settle();
    });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
})();
